"""The programs that ask and tell the system: getprop, am, pm, monkey, ime, dumpsys, logcat, log, reboot."""

from __future__ import annotations

import re
import time
import zipfile
from collections.abc import Sequence
from io import BytesIO
from xml.etree import ElementTree

from virtualpytest_host.virtual.phone import hand
from virtualpytest_host.virtual.phone.device import Device
from virtualpytest_host.virtual.phone.logbook import Line
from virtualpytest_host.virtual.phone.sh import Program, Run, encoded

_APP = re.compile(r"[A-Za-z]\w*(\.\w+)+", re.ASCII)
_BATTERY = "\n".join((
    "Current Battery Service state:", "  AC powered: false", "  USB powered: true", "  status: 2", "  health: 2",
    "  present: true", "  level: 87", "  scale: 100", "  temperature: 251",
))  # fmt: skip


def _getprop(run: Run) -> int:
    handset = run.shell.device.handset
    properties = handset.properties | ({"sys.boot_completed": "1"} if handset.booted else {})
    if len(run.words) > 1:
        run.say(properties.get(run.words[1], ""))
    else:
        for name, value in sorted(properties.items()):
            run.say(f"[{name}]: [{value}]")
    return 0


def _am(run: Run) -> int:
    phone: Device = run.shell.device
    action, words = run.words[1] if len(run.words) > 1 else "", run.words[2:]
    if action in {"start", "start-activity"}:
        return _start(run, phone, words)
    if action == "force-stop" and words:
        phone.handset.stop(words[-1])
        return 0
    if action == "crash" and words:
        reason = "android.app.RemoteServiceException$CrashedByAdbException: shell-induced crash"
        phone.handset.crash(words[-1], reason) if words[-1] in phone.handset.apps else None
        return 0
    if action == "broadcast":
        taken = "ADB_INPUT_B64" in words and "msg" in words and hand.typed(phone, words[words.index("msg") + 1])
        run.say(f"Broadcast completed: result={0 if not taken else -1}")
        return 0
    return run.complain(f"Error: unknown command '{action}'", 255)


def _start(run: Run, phone: Device, words: Sequence[str]) -> int:
    part = words[words.index("-n") + 1] if "-n" in words else words[-1] if words else ""
    app = part.partition("/")[0]
    run.say(f"Starting: Intent {{ cmp={part} }}")
    if app not in phone.handset.installed:
        return run.complain(f"Error type 3\nError: Activity class {{{part}}} does not exist.")
    phone.handset.launch(app)
    return 0


def _monkey(run: Run) -> int:
    phone: Device = run.shell.device
    app = run.words[run.words.index("-p") + 1] if "-p" in run.words[:-1] else ""
    if app not in phone.handset.installed:
        run.say("** No activities found to run, monkey aborted.")
        return 252
    phone.handset.launch(app)
    run.say("Events injected: 1")
    return 0


def _pm(run: Run) -> int:
    action, words = run.words[1] if len(run.words) > 1 else "", run.words[2:]
    handset = run.shell.device.handset
    if action == "list" and words[:1] and words[0] in {"packages", "package"}:
        for app in handset.installed:
            run.say(f"package:{app}")
        return 0
    if action == "install":
        return _install(run, words[-1])
    if action in {"grant", "revoke"} and len(words) == 2:
        return _permit(run, words[0], words[1], allowed=action == "grant")
    if action in {"clear", "uninstall"}:
        if words[-1] not in handset.installed:
            run.say("Failed" if action == "clear" else "Failure [DELETE_FAILED_INTERNAL_ERROR]")
            return 1
        handset.clear(words[-1]) if action == "clear" else handset.remove(words[-1])
        run.say("Success")
        return 0
    return run.complain(f"Unknown command: {action}", 255)


def _permit(run: Run, app: str, permission: str, *, allowed: bool) -> int:
    if run.shell.device.handset.permit(app, permission, allowed):
        return 0
    why = f"java.lang.SecurityException: Package {app} has not requested permission {permission}"
    return run.complain(f"Exception occurred while executing '{run.words[1]}':\n{why}", 255)


def _install(run: Run, name: str) -> int:
    """Install the archive at *name*: its manifest is plain XML here."""
    try:
        with zipfile.ZipFile(BytesIO(run.shell.storage.read(name))) as archive:
            manifest = ElementTree.fromstring(archive.read("AndroidManifest.xml"))
    except OSError as error:
        return run.complain(f"Error: failed to open {name}: {error.strerror}")
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError):
        return run.complain("Failure [INSTALL_PARSE_FAILED_NOT_APK: Failed to parse the package]")
    app, part = manifest.get("package", ""), manifest.find("application")
    if not _APP.fullmatch(app):
        return run.complain("Failure [INSTALL_PARSE_FAILED_BAD_PACKAGE_NAME]")
    run.shell.device.handset.install(app, app if part is None else part.get("label", app))
    run.say("Success")
    return 0


def _ime(run: Run) -> int:
    handset = run.shell.device.handset
    part = run.words[-1]
    if part.partition("/")[0] not in handset.installed:
        return run.complain(f"Unknown input method {part} cannot be selected for user #0")
    if run.words[1:2] == ["set"]:
        handset.properties["ime"] = part
    run.say(f"Input method {part} selected for user #0")
    return 0


def _settings(run: Run) -> int:
    handset = run.shell.device.handset
    known = {"default_input_method": handset.properties.get("ime", "com.virtual.keyboard/.Main")}
    run.say(known.get(run.words[-1], "null"))
    return 0


def _dumpsys(run: Run) -> int:
    handset = run.shell.device.handset
    part = f"{handset.front}/.Main"
    answers = {
        "window": f"  mCurrentFocus=Window{{1a2b u0 {part}}}\n  mFocusedApp=ActivityRecord{{3c4d u0 {part} t7}}",
        "activity": f"  topResumedActivity=ActivityRecord{{3c4d u0 {part} t7}}",
        "battery": _BATTERY,
        "power": f"  mWakefulness={'Awake' if handset.awake else 'Asleep'}",
    }
    service = run.words[1] if len(run.words) > 1 else ""
    if service == "package":
        return _package(run, run.words[-1])
    if service not in answers:
        return run.complain(f"Can't find service: {service}", 0)
    run.say(answers[service])
    return 0


def _package(run: Run, app: str) -> int:
    handset = run.shell.device.handset
    if app not in handset.installed:
        run.say(f"Unable to find package: {app}")
        return 0
    run.say(f"Packages:\n  Package [{app}] (5e6f):\n    User 0: installed=true\n      runtime permissions:")
    for name, granted in handset.granted.get(app, {}).items():
        run.say(f"        {name}: granted={str(granted).lower()}, flags=[ USER_SENSITIVE_WHEN_GRANTED ]")
    return 0


def _logcat(run: Run) -> int:
    phone: Device = run.shell.device
    book = phone.handset.logbook
    if "-c" in run.words:
        book.clear()
        return 0
    begin = _moment(run.words[run.words.index("-T") + 1]) if "-T" in run.words[:-1] else 0.0
    show = (lambda line: f"{line.at:19.3f}{str(line)[18:]}") if "epoch" in run.words else str
    if "-d" in run.words:
        _show(run, book.since(begin), show)
        return 0
    number, lines = book.follow(0, 0)
    while True:
        _show(run, [line for line in lines if line.at >= begin], show)
        number, lines = book.follow(number, 0.5)
        run.out(b"")


def _show(run: Run, lines: list[Line], show: object) -> None:
    assert callable(show)
    run.out(encoded("".join(f"{show(line)}\n" for line in lines)))


def _moment(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        year = time.gmtime().tm_year
        whole, _, part = word.partition(".")
        moment = time.strptime(f"{year} {whole}", "%Y %m-%d %H:%M:%S")
        return time.mktime(moment) - time.timezone + float(f"0.{part or 0}")


def _log(run: Run) -> int:
    words = run.words[1:]
    tag = words[words.index("-t") + 1] if "-t" in words[:-1] else "log"
    level = words[words.index("-p") + 1].upper() if "-p" in words[:-1] else "I"
    run.shell.device.handset.logbook.write(level, tag, words[-1] if words else "")
    return 0


def _reboot(run: Run) -> int:
    run.shell.device.reboot()
    return 0


PROGRAMS: dict[str, Program] = {
    "getprop": _getprop, "am": _am, "monkey": _monkey, "pm": _pm, "ime": _ime, "settings": _settings,
    "dumpsys": _dumpsys, "logcat": _logcat, "log": _log, "reboot": _reboot,
}  # fmt: skip
