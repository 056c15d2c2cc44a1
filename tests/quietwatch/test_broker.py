"""What the demo's broker bears that amqtt alone does not."""

from quietwatch.demo.broker import Subscriptions


def test_a_subscription_may_come_while_others_are_gone_through() -> None:
    """Gateways that connect in the same moment are all served."""
    subscriptions = Subscriptions(one=[])
    for topic in subscriptions:
        subscriptions[f"{topic}-more"] = []
    for topic, sessions in subscriptions.items():
        subscriptions[f"{topic}-and-more"] = sessions

    assert 4 == len(subscriptions)
