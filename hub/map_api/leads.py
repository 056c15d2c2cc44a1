"""Leads, tickets and level changes as the interface shows them. Pure."""

from typing import Any

from hub.map_api.answers import EpisodeAnswer, LeadAnswer, LeadDetail, LevelAnswer, PushAnswer, TicketAnswer
from hub.map_api.label_answers import label_answer
from hub.registry import Episode, Lead, LevelChange, PushState, Ticket


def lead_answer(lead: Lead) -> LeadAnswer:
    """Return a lead without its details."""
    return {
        "id": lead.id,
        "revision": lead.revision,
        "area": lead.area,
        "cause": {"property": lead.cause.property, "detector": lead.cause.detector},
        "episode_start_ms": lead.episode_start_ms,
        "opened_ms": lead.opened_ms,
        "late": lead.late,
        "closed_ms": lead.closed_ms,
        "explanation": lead.explanation,
        "explanation_en": lead.explanation_en,
    }


def lead_detail(lead: Lead) -> LeadDetail:
    """Return a lead with its evidence, episodes and pushes."""
    episodes = [_episode(episode) for episode in lead.episodes]
    return {
        **lead_answer(lead),
        "label": label_answer(lead.label),
        "evidence": [one for episode in episodes for one in episode["evidence"]],
        "episodes": episodes,
        "pushes": [_push(push) for push in lead.pushes],
    }


def ticket_answer(ticket: Ticket) -> TicketAnswer:
    """Return a ticket."""
    return {
        "label": label_answer(ticket.label),
        "id": ticket.id,
        "revision": ticket.revision,
        "subject": ticket.subject,
        "kind": ticket.kind,
        "since_ms": ticket.since_ms,
        "opened_ms": ticket.opened_ms,
        "closed_ms": ticket.closed_ms,
        "explanation": ticket.explanation,
        "explanation_en": ticket.explanation_en,
    }


def level_answer(change: LevelChange) -> LevelAnswer:
    """Return a level change."""
    return {
        "area": change.area,
        "level": change.level.name.lower(),  # type: ignore[typeddict-item]  # the names of the enum are those of the literal
        "freshness": change.freshness.name.lower(),  # type: ignore[typeddict-item]  # same
        "since_ms": change.since_ms,
        "judged_ms": change.judged_ms,
    }


def _episode(episode: Episode) -> EpisodeAnswer:
    kept: list[Any] = list(episode.evidence)
    return {
        "start_ms": episode.start_ms,
        "opened_ms": episode.opened_ms,
        "late": episode.late,
        "evidence": kept,
        "explanation": episode.explanation,
        "explanation_en": episode.explanation_en,
    }


def _push(push: PushState) -> PushAnswer:
    return {
        "receiver": push.receiver,
        "created_ms": push.created_ms,
        "attempts": push.attempts,
        "delivered_ms": push.delivered_ms,
        "problem": push.problem,
    }
