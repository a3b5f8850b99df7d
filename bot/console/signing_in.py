"""Start here for sign-in: passwords and codes are looked at, sessions begin and end, and everything is written down.

Whether an account exists shows in nothing: an unknown name costs the same hash, gets the same sentence, and is locked
out after the same number of failures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.console import codes
from bot.console.password_rules import weakness
from bot.console.passwords import LONGEST, Passwords, one_time_password
from bot.console.session import REAUTH, SignedIn, csrf_of
from bot.console.store.credentials import Credential, Credentials
from bot.console.store.sessions import Session, StaffSessions, roles_word
from bot.console.store.sign_ins import Locked, Outcome, SignInLog, nobody
from intake.staff import Staff, UnknownStaffError
from intake.store.register import Register

ONE_TIME_LIFE = timedelta(hours=72)
"""A one-time password that nobody used is worth nothing after that (ASVS 5.0, 6.4.1)."""


class RefusedError(Exception):
    """Nobody was let in, or nothing changed. `key` is a sentence `sign_in.<key>`; `until` is when to try again."""

    def __init__(self, key: str, until: datetime | None = None) -> None:
        super().__init__(key)
        self.key = key
        self.until = until


@dataclass(frozen=True, slots=True)
class SigningIn:
    register: Register
    credentials: Credentials
    sessions: StaffSessions
    log: SignInLog
    passwords: Passwords
    totp_required: bool
    now: Callable[[], datetime]

    def enter(self, name: str, password: str, address: str, before: str | None = None) -> str:
        """The token of a new session, which still owes the code where the account has one. Raises RefusedError.

        `before` is the token the browser came with; it ends, so that nobody can plant a session of theirs.
        """
        person = self._person(name)
        attempt = self._begin(person.id if person else nobody(name), address)
        credential = self.credentials.of(person.id) if person else None
        right = self.passwords.verify(credential.password_hash if credential else None, password[: LONGEST + 1])
        if person is None or credential is None or not right:
            self.log.settle(attempt, Outcome.WRONG)
            raise RefusedError("wrong")
        self._check_in_use(person, credential, attempt)
        if self.passwords.outdated(credential.password_hash):
            self.credentials.rehash(person.id, credential.password_hash, self.passwords.hash(password))
        stage = "code" if credential.totp_secret else "full"
        self.log.settle(attempt, Outcome.PASSWORD_RIGHT if credential.totp_secret else Outcome.IN)
        return self.sessions.open(
            person.id, person.roles, address, self.now(), "code" if stage == "code" else "full", instead_of=before
        )

    def give_code(self, who: SignedIn, code: str, address: str) -> str:
        """The second factor; the token of the session that is now full. Raises RefusedError."""
        self._check_code(who, code, address, Outcome.IN)
        return self.sessions.open(who.staff.id, who.staff.roles, address, self.now(), instead_of=who.token)

    def enter_again(self, who: SignedIn, password: str, address: str) -> None:
        """The password once more, before something grave. Raises RefusedError."""
        attempt = self._begin(who.staff.id, address)
        credential = self.credentials.of(who.staff.id)
        right = self.passwords.verify(credential.password_hash if credential else None, password[: LONGEST + 1])
        self.log.settle(attempt, Outcome.REENTERED if right else Outcome.REENTRY_WRONG)
        if not right:
            raise RefusedError("reentry_wrong")
        self.sessions.entered(who.token, self.now())

    def leave(self, who: SignedIn, address: str) -> None:
        self.sessions.end(who.token)
        self.log.note(who.staff.id, address, Outcome.OUT, self.now())

    def change_password(self, who: SignedIn, present: str, wanted: str, address: str) -> str:
        """A new password of one's own; the token of the session that goes on, every other one ends.

        Raises RefusedError with `password.<why>` as its key where it is too weak.
        """
        self.enter_again(who, present, address)
        self.check_strength(who.staff, wanted, with_code=who.has_code)
        if present == wanted:
            raise RefusedError("password.same")
        now = self.now()
        self.credentials.put_password(who.staff.id, self.passwords.hash(wanted), now, must_change=False)
        self.sessions.end_all(who.staff.id, but=who.token)
        self.log.note(who.staff.id, address, Outcome.PASSWORD_CHANGED, now)
        session = self.sessions.find(who.token)
        began = session.created_at if session else now
        return self.sessions.open(who.staff.id, who.staff.roles, address, now, created_at=began, instead_of=who.token)

    def check_strength(self, person: Staff, wanted: str, *, with_code: bool) -> None:
        weak = weakness(wanted, account=person.id, name=person.name, with_code=with_code)
        if weak is not None:
            raise RefusedError(f"password.{weak}")

    def reset_password(self, staff: str, address: str) -> str:
        """A one-time password for somebody, to be told to them once; all their sessions end. UnknownStaffError."""
        if not self.register.person(staff).active:
            raise UnknownStaffError(staff)
        password, now = one_time_password(), self.now()
        self.credentials.put_password(staff, self.passwords.hash(password), now, must_change=True)
        self.sessions.end_all(staff)
        self.log.note(staff, address, Outcome.PASSWORD_RESET, now)
        return password

    def offer_code(self, who: SignedIn) -> str:
        """The secret to scan: the one that was offered before, until it is confirmed."""
        credential = self.credentials.of(who.staff.id)
        if credential is not None and credential.totp_pending:
            return credential.totp_pending
        secret = codes.new_secret()
        self.credentials.offer_code(who.staff.id, secret)
        return secret

    def confirm_code(self, who: SignedIn, code: str, address: str) -> None:
        """The secret that was offered is in use once a code of it was typed. Raises RefusedError."""
        attempt = self._begin(who.staff.id, address)
        credential = self.credentials.of(who.staff.id)
        secret = credential.totp_pending if credential else None
        step = codes.step_of(secret, code, self.now()) if secret else None
        if secret is None or step is None:
            self.log.settle(attempt, Outcome.CODE_WRONG)
            raise RefusedError("code_wrong")
        self.credentials.take_code(who.staff.id, secret, step)
        self.sessions.end_all(who.staff.id, but=who.token)
        self.log.settle(attempt, Outcome.CODE_SET)

    def remove_code(self, staff: str, address: str) -> None:
        """Without a second factor from now on (a lost telephone); all their sessions end."""
        self.credentials.drop_code(staff)
        self.sessions.end_all(staff)
        self.log.note(staff, address, Outcome.CODE_REMOVED, self.now())

    def resolve(self, token: str, *, background: bool = False) -> SignedIn | None:
        """Whoever the token belongs to, as they stand in the register at this moment; None where it is over."""
        now = self.now()
        session = self.sessions.find(token)
        if session is None or session.over(now):
            return None
        who = self._signed_in(session, token, now)
        if who is None:
            self.sessions.end_all(session.staff)
        elif not background:
            self.sessions.touch(session, now)
        return who

    def turned(self, who: SignedIn) -> str | None:
        """A new token where the roles are not those the session began with."""
        session = self.sessions.find(who.token)
        if session is None or session.roles == roles_word(who.staff.roles):
            return None
        return self.sessions.turn(who.token, who.staff.roles, self.now())

    def _signed_in(self, session: Session, token: str, now: datetime) -> SignedIn | None:
        credential = self.credentials.of(session.staff)
        try:
            person = self.register.person(session.staff)
            actor = self.register.actor(session.staff, "console", now)
        except UnknownStaffError:
            return None
        if credential is None or credential.disabled_at is not None:
            return None
        return SignedIn(
            staff=person,
            actor=actor,
            csrf=csrf_of(token),
            token=token,
            reauth_fresh=session.reauth_at is not None and now - session.reauth_at < REAUTH,
            must_change=credential.must_change,
            must_enrol=self.totp_required and not credential.totp_secret,
            owes_code=session.stage == "code",
            has_code=bool(credential.totp_secret),
        )

    def _check_code(self, who: SignedIn, code: str, address: str, outcome: Outcome) -> None:
        attempt = self._begin(who.staff.id, address)
        credential = self.credentials.of(who.staff.id)
        secret = credential.totp_secret if credential else None
        step = codes.step_of(secret, code, self.now()) if secret else None
        if step is None or not self.credentials.use_step(who.staff.id, step):
            self.log.settle(attempt, Outcome.CODE_WRONG)
            raise RefusedError("code_wrong")
        self.log.settle(attempt, outcome)

    def _check_in_use(self, person: Staff, credential: Credential, attempt: int) -> None:
        """Said only to somebody who knew the password."""
        if credential.disabled_at is not None or not person.active:
            self.log.settle(attempt, Outcome.DISABLED)
            raise RefusedError("disabled")
        if credential.must_change and self.now() - credential.changed_at > ONE_TIME_LIFE:
            self.log.settle(attempt, Outcome.STALE)
            raise RefusedError("stale")

    def _begin(self, name: str, address: str) -> int:
        begun = self.log.begin(name, address, self.now())
        if isinstance(begun, Locked):
            raise RefusedError(f"locked_{begun.whose}", begun.until)
        return begun

    def _person(self, name: str) -> Staff | None:
        try:
            return self.register.person(name)
        except UnknownStaffError:
            return None
