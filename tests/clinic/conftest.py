from tests.site_fixtures import at, browser, cast, demonstration, home, ledger_triggers, signed_in
from tests.spelling_keys import spelling_keys

__all__ = ["at", "browser", "cast", "demonstration", "home", "ledger_triggers", "signed_in", "spelling_keys"]
