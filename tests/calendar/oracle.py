"""Answers, line by line, what python-dateutil and recurring-ical-events make of a case; each line is JSON."""

import datetime
import io
import json
import sys
import zoneinfo

import dateutil.rrule
import dateutil.tz
import icalendar
import recurring_ical_events
import tzdata

# The zones of the package that is pinned, not those of this machine.
zoneinfo.reset_tzpath(to=[])

UTC = datetime.timezone.utc
DAY = datetime.timedelta(days=1)


def instant(wall, zone):
    """PEP 495: fold 0 is the first of two; in a gap it goes on by the offset before, which moves it forward."""
    return int(wall.replace(tzinfo=zone, fold=0).timestamp())


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, UTC)


def parts(recurrence, start):
    """The rule as RFC 5545 has it, and its UNTIL as an instant."""
    pattern = recurrence["pattern"]
    if pattern == "custom":
        text = recurrence["rrule"].upper().removeprefix("RRULE:")
        rule = dict(part.split("=") for part in text.split(";"))
    else:
        rule = {"FREQ": pattern.upper(), "INTERVAL": str(recurrence["interval"])}
        if recurrence.get("weekdays"):
            rule["BYDAY"] = ",".join(recurrence["weekdays"])
        if recurrence.get("month_day"):
            rule["BYMONTHDAY"] = str(recurrence["month_day"])
    if "BYWEEKNO" in rule and "BYDAY" not in rule:
        rule["BYDAY"] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"][start.weekday()]
    if recurrence.get("count"):
        rule["COUNT"] = str(recurrence["count"])
    until = recurrence.get("until") or rule.pop("UNTIL", None)
    if until:
        until = datetime.datetime.fromisoformat(until).timestamp()
    return ";".join(f"{name}={value}" for name, value in rule.items()), until


def starts(case):
    zone = zoneinfo.ZoneInfo(case["zone"])
    wall = datetime.datetime.fromisoformat(case["wall"])
    rule, until = parts(case["recurrence"], wall)
    last = utc(case["to"]).replace(tzinfo=None) + 2 * DAY
    found = set()
    for match in dateutil.rrule.rrulestr(rule, dtstart=wall):
        if match > last:
            break
        at = instant(match, zone)
        if case["from"] <= at < case["to"] and (until is None or at <= until):
            found.add(at)
    return sorted(found)


def events(case):
    """What a reader of the file shows."""
    calendar = icalendar.Calendar.from_ical(case["file"])
    found = []
    for event in recurring_ical_events.of(calendar).between(
        utc(case["from"]) - 3 * DAY, utc(case["to"]) + 3 * DAY
    ):
        start, end = event.start, event.end
        if not case["from"] <= start.timestamp() < case["to"]:
            continue
        # This reader adds a duration to the clock on the wall, not to the time that passes.
        elapsed = start.utcoffset() == end.utcoffset() or event["SUMMARY"] == "Moved"
        end = int(end.timestamp()) if elapsed else None
        found.append([int(start.timestamp()), end, str(event["SUMMARY"])])
    return sorted(found, key=lambda it: (it[0], it[2]))


def components(case):
    """Of each VEVENT: which occurrence it is (none: all), its SEQUENCE, and what it leaves out."""
    found = []
    for event in icalendar.Calendar.from_ical(case["file"]).walk("VEVENT"):
        which = event.get("RECURRENCE-ID")
        without = event.get("EXDATE", [])
        without = without if isinstance(without, list) else [without]
        found.append([
            int(which.dt.timestamp()) if which else None,
            event["SEQUENCE"],
            sorted({int(date.dt.timestamp()) for dates in without for date in dates.dts}),
        ])
    return found


def offsets(case):
    """What the file's own VTIMEZONE says, as two readers have it, at these wall-clock times."""
    calendar = icalendar.Calendar.from_ical(case["file"])
    component = calendar.walk("VTIMEZONE")[0]
    one = component.to_tz(lookup_tzid=False)
    other = dateutil.tz.tzical(io.StringIO(component.to_ical().decode())).get()
    walls = [datetime.datetime.fromisoformat(wall) for wall in case["walls"]]
    # The first makes a list of changes that ends with the year 2037.
    return [
        [
            one.utcoffset(wall).total_seconds() if wall.year < 2037 else None,
            other.utcoffset(wall).total_seconds(),
        ]
        for wall in walls
    ]


ASKED = {"starts": starts, "events": events, "components": components, "offsets": offsets}

print(json.dumps(tzdata.IANA_VERSION), flush=True)
for line in sys.stdin:
    case = json.loads(line)
    print(json.dumps(ASKED[case["ask"]](case)), flush=True)
