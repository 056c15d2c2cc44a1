"""`quietwatch hub rules`."""

import json
from argparse import Namespace

from hub.anomaly.lint import lint, report
from hub.anomaly.rulebook import rules_of
from hub.config import all_rules
from hub.errors import ConfigError
from quietwatch.cli.command import fail


def check(arguments: Namespace) -> int:
    """Look for what is wrong with the program's rules and those of a site; 1 when something is."""
    try:
        rules = rules_of(all_rules(arguments.directory))
    except (ConfigError, OSError, UnicodeDecodeError) as error:
        fail(error)
    flaws = lint(rules)
    if arguments.json:
        print(json.dumps({"rules": len(rules), "flaws": [flaw._asdict() for flaw in flaws]}, ensure_ascii=False))
    else:
        print("\n".join(report(rules, flaws)))
    return 1 if flaws else 0
