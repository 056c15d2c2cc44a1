"""Other rules for a replay: files that stand in place of those of the same name, or beside all others."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import msgspec

from hub.anomaly.lint import Flaw, lint
from hub.anomaly.rulebook import rules_of
from hub.anomaly.standard import default_standards, standards_of
from hub.configured import Configured


def replaced(known: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of rules with new ones: in place of the site's or the program's file of that name, or beside."""
    texts = dict(known)
    for name, text in new.items():
        of_site = f"site/{name}"
        texts[name if name in texts and of_site not in texts else of_site] = text
    return texts


@dataclass(frozen=True)
class Changed:
    """Has every config entry say new rules.

    Attributes:
        new: TOML texts by name; none leaves the entries as they are.
        own: the rules where an entry says none.
    """

    new: Mapping[str, str]
    own: Mapping[str, str]

    def __call__(self, said: Configured) -> Configured:
        """Return what is said in place of an entry."""
        return msgspec.structs.replace(said, rules=replaced(said.rules or self.own, self.new)) if self.new else said


def flaws_of(new: Mapping[str, str], now: Configured, areas: Collection[str]) -> tuple[Flaw, ...]:
    """Return what is wrong with new rules among those in force now, and was not before.

    Raises:
        ConfigError: they cannot be read.
    """
    standards = standards_of(now.standards) if now.standards else default_standards()
    before = set(lint(rules_of(now.rules, standards), standards, areas))
    after = lint(rules_of(replaced(now.rules, new), standards), standards, areas)
    return tuple(flaw for flaw in after if flaw not in before)
