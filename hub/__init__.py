"""The hub: takes what the gateways send, judges it, and shows areas and leads."""
