"""The messages of the cleaning log, for one, for many and for none."""

from __future__ import annotations

from collections.abc import Mapping

from aftersales.words import N_

# key -> (one, many); where n is 0 the second is used.
MESSAGES: Mapping[str, tuple[str, str]] = {
    "read": (
        N_("{n} row read from {files}."),
        N_("{n} rows read from {files}."),
    ),
    "select": (
        N_("{n} row is not a record of this table and was left out (kept where {where})."),
        N_("{n} rows are not records of this table and were left out (kept where {where})."),
    ),
    "incomplete": (
        N_("{n} broken record rejected; it is in {first}."),
        N_("{n} broken records rejected; the first is in {first}."),
    ),
    "sheets_left": (
        N_("{n} sheet of {file} was not read: {sheets}. `sheet:` names those that are."),
        N_("{n} sheets of {file} were not read: {sheets}. `sheet:` names those that are."),
    ),
    "swapped": (
        N_(
            "{n} date of {column} up to day 12 has day and month exchanged: write "
            "`day_month: swapped` there to put it right."
        ),
        N_(
            "{n} dates of {column} up to day 12 have day and month exchanged: only such days lie "
            "outside {months}, and they are numbers of these months. Write `day_month: swapped` "
            "there to put them right."
        ),
    ),
    "short_months": (
        N_(
            "{n} date of {column} lies in months that use days 1 to 12 only; day and month may be "
            "exchanged."
        ),
        N_(
            "{n} dates of {column} lie in {months} months that use days 1 to 12 only, beside "
            "months that use all; day and month may be exchanged."
        ),
    ),
    "outside_scale": (
        N_("{n} answer lies outside its scale ({range}) and does not count."),
        N_("{n} answers lie outside their scale ({range}) and do not count."),
    ),
    "scientific": (
        N_("{n} value of {column} was rounded by a spreadsheet to a form like 9.99E+99."),
        N_("{n} values of {column} were rounded by a spreadsheet to a form like 9.99E+99."),
    ),
    "counted": (
        N_("{n} value of {column} is a count; above 0 is yes."),
        N_("{n} values of {column} are counts; above 0 is yes."),
    ),
    "no_incomplete": (N_("No record is broken."), N_("No record is broken.")),
    "text": (
        N_("{n} cell of {column} brought to Unicode form NFKC and trimmed."),
        N_("{n} cells of {column} brought to Unicode form NFKC and trimmed."),
    ),
    "no_text": (N_("All text was regular."), N_("All text was regular.")),
    "empty": (
        N_("{n} cell of {column} is empty."),
        N_("{n} cells of {column} are empty."),
    ),
    "marker": (
        N_('{n} cell of {column} holds "{marker}", which stands for missing.'),
        N_('{n} cells of {column} hold "{marker}", which stands for missing.'),
    ),
    "no_marker": (N_("No cell is missing."), N_("No cell is missing.")),
    "entities": (
        N_("{n} cell of {column} had HTML entities such as &amp; decoded."),
        N_("{n} cells of {column} had HTML entities such as &amp; decoded."),
    ),
    "no_entities": (N_("No cell holds HTML entities."), N_("No cell holds HTML entities.")),
    "reject": (N_("{n} row rejected: {reason}."), N_("{n} rows rejected: {reason}.")),
    "flag": (
        N_("{n} row is marked as {name}: {reason}; nothing changed."),
        N_("{n} rows are marked as {name}: {reason}; nothing changed."),
    ),
    "gap": (
        N_("{n} of {total} combinations of {columns} never occurs: {reason}."),
        N_("{n} of {total} combinations of {columns} never occur: {reason}."),
    ),
    "recoded": (
        N_("{n} value of {column} replaced by its code list."),
        N_("{n} values of {column} replaced by its code list."),
    ),
    "other_missing": (
        N_("{n} value of {column} is in no code list and was set to missing."),
        N_("{n} values of {column} are in no code list and were set to missing."),
    ),
    "other_reject": (
        N_("{n} row rejected: its {column} is in no code list."),
        N_("{n} rows rejected: their {column} is in no code list."),
    ),
    "other_keep": (
        N_("{n} value of {column} is in no code list and was kept as it is."),
        N_("{n} values of {column} are in no code list and were kept as they are."),
    ),
    "no_codes": (N_("All codes are known."), N_("All codes are known.")),
    "date_missing": (
        N_(
            '{n} value of {column} is not a date in {formats} (it looks like "{example}"); missing.'
        ),
        N_(
            "{n} values of {column} are not dates in {formats} "
            '(one looks like "{example}"); set to missing.'
        ),
    ),
    "date_reject": (
        N_(
            '{n} row rejected: its {column} is not a date in {formats} (it looks like "{example}").'
        ),
        N_(
            "{n} rows rejected: their {column} is not a date in {formats} "
            '(one looks like "{example}").'
        ),
    ),
    "no_dates": (N_("Every date could be read."), N_("Every date could be read.")),
    "future_missing": (
        N_("{n} date in {column} after {limit} set to missing ({high})."),
        N_("{n} dates in {column} after {limit} set to missing (latest {high})."),
    ),
    "future_reject": (
        N_("{n} row rejected: its {column} lies after {limit} ({high})."),
        N_("{n} rows rejected: their {column} lies after {limit} (latest {high})."),
    ),
    "no_future": (N_("No date lies in the future."), N_("No date lies in the future.")),
    "past_missing": (
        N_("{n} date in {column} before {limit} set to missing ({low})."),
        N_("{n} dates in {column} before {limit} set to missing (earliest {low})."),
    ),
    "past_reject": (
        N_("{n} row rejected: its {column} lies before {limit} ({low})."),
        N_("{n} rows rejected: their {column} lies before {limit} (earliest {low})."),
    ),
    "no_past": (N_("No date is impossibly early."), N_("No date is impossibly early.")),
    "number_missing": (
        N_(
            '{n} value of {column} is not a number (it looks like "{example}") and was set to '
            "missing."
        ),
        N_(
            '{n} values of {column} are not numbers (one looks like "{example}") and were set to '
            "missing."
        ),
    ),
    "number_reject": (
        N_('{n} row rejected: its {column} is not a number (it looks like "{example}").'),
        N_('{n} rows rejected: their {column} is not a number (one looks like "{example}").'),
    ),
    "whole_missing": (
        N_("{n} value of {column} is not a whole number and was set to missing."),
        N_("{n} values of {column} are not whole numbers and were set to missing."),
    ),
    "truth_missing": (
        N_(
            '{n} value of {column} is neither yes nor no (it looks like "{example}") and was set '
            "to missing."
        ),
        N_(
            '{n} values of {column} are neither yes nor no (one looks like "{example}") and were '
            "set to missing."
        ),
    ),
    "range_missing": (
        N_("{n} value of {column} outside {range} set to missing ({high})."),
        N_("{n} values of {column} outside {range} set to missing ({low} to {high})."),
    ),
    "range_reject": (
        N_("{n} row rejected: its {column} is outside {range} ({high})."),
        N_("{n} rows rejected: their {column} is outside {range} ({low} to {high})."),
    ),
    "no_numbers": (N_("Every number is in its range."), N_("Every number is in its range.")),
    "order": (
        N_("{n} {later} lies before {earlier} and was set to missing."),
        N_("{n} values of {later} lie before {earlier} and were set to missing."),
    ),
    "no_order": (N_("Times are in their order."), N_("Times are in their order.")),
    "required": (
        N_("{n} row rejected: it has no {column}."),
        N_("{n} rows rejected: they have no {column}."),
    ),
    "no_required": (
        N_("Every row has what it needs."),
        N_("Every row has what it needs."),
    ),
    "copies": (
        N_("{n} row is an exact copy of an earlier row and was left out."),
        N_("{n} rows are exact copies of earlier rows and were left out."),
    ),
    "superseded": (
        N_("{n} row superseded by another row of the same {by} was left out."),
        N_("{n} rows superseded by another row of the same {by} were left out."),
    ),
    "used_id": (
        N_(
            "{n} row rejected: its {key} is used by an earlier row with other content "
            "(`keep: newest` takes the later one)."
        ),
        N_(
            "{n} rows rejected: their {key} is used by an earlier row with other content "
            "(`keep: newest` takes the later one)."
        ),
    ),
    "shared_id": (
        N_("{n} row rejected: its {key} is used by several rows with other content."),
        N_("{n} rows rejected: their {key} is used by several rows with other content."),
    ),
    "same_content": (
        N_("{n} row repeats the content of an earlier row under another {key} and was left out."),
        N_(
            "{n} rows repeat the content of earlier rows under another {key} and were left out "
            "(records that have such copies: {groups})."
        ),
    ),
    "region_unknown": (
        N_("{n} row has a region that is not in {file}; set to unknown."),
        N_("{n} rows have a region that is not in {file}; set to unknown."),
    ),
    "region_names": (
        N_('{n} row has the region "{name}", which is not in {file}; set to unknown.'),
        N_('{n} rows have the region "{name}", which is not in {file}; set to unknown.'),
    ),
    "region_missing": (
        N_("{n} row has no region; set to unknown."),
        N_("{n} rows have no region; set to unknown."),
    ),
    "region_taken": (
        N_("{n} row took its region from {tables}."),
        N_("{n} rows took their region from {tables}."),
    ),
    "region_root": (
        N_("{n} row belongs to {root} as a whole: the table has no region."),
        N_("{n} rows belong to {root} as a whole: the table has no region."),
    ),
    "no_region": (N_("Every region is known."), N_("Every region is known.")),
    "unjoined": (
        N_("{n} of {total} rows with {column} finds no row in {other}; kept."),
        N_("{n} of {total} rows with {column} find no row in {other}; kept."),
    ),
    "no_joins": (
        N_("No column refers to another table."),
        N_("No column refers to another table."),
    ),
    "impossible_age": (
        N_("{n} negative {column} set to missing ({low})."),
        N_("{n} negative values of {column} set to missing (lowest {low})."),
    ),
    "pseudonym": (
        N_("{n} value of {column} replaced by a pseudonym."),
        N_("{n} values of {column} replaced by pseudonyms."),
    ),
    "masked": (
        N_("{n} masked in {column} ({kind})."),
        N_("{n} masked in {column} ({kind})."),
    ),
    "dropped": (
        N_("{column} is personal and was not read."),
        N_("{column} is personal and was not read."),
    ),
    "no_privacy": (N_("Nothing personal was found."), N_("Nothing personal was found.")),
    "kept": (
        N_("{n} row kept of {read} read: {duplicates} duplicate, {rejected} rejected."),
        N_("{n} rows kept of {read} read: {duplicates} duplicate, {rejected} rejected."),
    ),
}
