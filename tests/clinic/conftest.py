from tests.site_fixtures import at, browser, cast, demonstration, home, ledger_triggers, signed_in

__all__ = ["at", "browser", "cast", "demonstration", "home", "ledger_triggers", "signed_in"]
