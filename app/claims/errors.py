"""What can be wrong with a claim file as a whole, and why a single row can fail."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from app.core.problems import Problem


class FileEmpty(Problem):
    """No bytes, no lines, or a header without a data row."""

    code = "claims.file_empty"
    status = 422
    title = "The file has no data rows"
    hint = "Put the header into the first line and one claim or patient into each line below it."


class NoHeader(Problem):
    """The first line holds values where names of columns are expected."""

    code = "claims.no_header"
    status = 422
    title = "The file has no header"
    hint = "Add a first line with the column names; GET /api/v1/claims/bulk/template gives one."


class HeaderUnknown(Problem):
    """The columns do not add up to one of the accepted shapes."""

    code = "claims.header_unknown"
    status = 422
    title = "The header does not name the columns that are needed"
    hint = "Rename the columns as told in detail, or send `mapping` (our field to your header)."


class NotATable(Problem):
    """The content is neither delimited text nor an xlsx workbook, whatever its name says."""

    code = "claims.not_a_table"
    status = 415
    title = "The file is not a table"
    hint = "Send a CSV, TSV or text file with a delimiter, or an Excel workbook (.xlsx)."


class Malformed(Problem):
    """Text that cannot be cut into rows with certainty."""

    code = "claims.malformed"
    status = 422
    title = "The file cannot be cut into rows"
    hint = "Correct the line that detail names; a quote inside a quoted cell is written twice."


class TooLarge(Problem):
    """More bytes than a claim file may have, packed or unpacked."""

    code = "claims.too_large"
    status = 413
    title = "The file is too large"
    hint = "Split the file, or save a large workbook as CSV."


class TooManyRows(Problem):
    """More data rows than one upload may have."""

    code = "claims.too_many_rows"
    status = 413
    title = "The file has too many rows"
    hint = "Split the file and upload its parts one after the other."


class DuplicateColumns(Problem):
    """Two columns say that they are the same field, so that neither can be trusted."""

    code = "claims.duplicate_columns"
    status = 422
    title = "Two columns have the same meaning"
    hint = "Remove or rename one of them, or send `mapping` to say which one is meant."


class EncodingUnknown(Problem):
    """The bytes are no text in the encoding that was named or found."""

    code = "claims.encoding"
    status = 422
    title = "The file's characters cannot be read"
    hint = "Save the file as UTF-8, or name its encoding in `encoding`."


class FileMissing(Problem):
    """The form came without a file."""

    code = "claims.file_missing"
    status = 422
    title = "There is no file in the request"
    hint = "Send the claim file as the part `file` of a multipart form."


class ProviderUnknown(Problem):
    """No payer of that name is connected."""

    code = "claims.provider_unknown"
    status = 422
    title = "This payer is not known here"
    hint = "GET /api/v1/claims/providers lists the payers."


class DateRange(Problem):
    """The form's start and end dates contradict each other."""

    code = "claims.date_range"
    status = 422
    title = "The dates of the search do not fit"
    hint = "Send start_date and end_date as YYYY-MM-DD, the start not after the end."


class OptionInvalid(Problem):
    """A reading option (delimiter, date order, mapping) has a value that means nothing."""

    code = "claims.option_invalid"
    status = 422
    title = "A reading option is not understood"
    hint = "Leave the option out to have it found from the file."


class JobNotFound(Problem):
    """No such job, or one of another organization."""

    code = "claims.job_not_found"
    status = 404
    title = "There is no such claim upload"
    hint = "GET /api/v1/claims/csv-jobs lists the uploads of your organization."


class JobEnded(Problem):
    """What was asked needs a job that still runs."""

    code = "claims.job_ended"
    status = 409
    title = "The job has already ended"
    hint = "Read its results; retry runs rows of an ended job again."


class JobRunning(Problem):
    """What was asked needs a job that has ended."""

    code = "claims.job_running"
    status = 409
    title = "The job is still running"
    hint = "Wait for its end, or cancel it first."


class NothingToRetry(Problem):
    """No row of the job is in the scope that was named."""

    code = "claims.nothing_to_retry"
    status = 409
    title = "There is no row to run again"
    hint = "Look at the job's rows; succeeded rows are never asked again."


class PracticeNotFound(Problem):
    """No such practice, or one of another organization."""

    code = "practices.not_found"
    status = 404
    title = "There is no such practice"
    hint = "GET /api/v1/practices lists the practices of your organization."


class PracticeNameTaken(Problem):
    """Two practices of one organization would have the same name."""

    code = "practices.name_taken"
    status = 409
    title = "Your organization has a practice of this name already"
    hint = "Choose another name, or change the existing practice."


@dataclass(frozen=True, slots=True)
class RowCode:
    """Why a row failed; `retriable` says that the same row may succeed later, unchanged."""

    code: str
    title: str
    hint: str
    retriable: bool


_ROW_CODES = (
    RowCode(
        "row.column_count",
        "The row has more or fewer cells than the header",
        "Look for a missing or surplus delimiter; put quotes around a cell that contains one.",
        False,
    ),
    RowCode(
        "row.missing_field",
        "A cell that is needed is empty",
        "Fill in the cell that is named and upload the row again.",
        False,
    ),
    RowCode(
        "row.bad_date",
        "A date cannot be read",
        "Write dates as YYYY-MM-DD or MM/DD/YYYY, years with four digits.",
        False,
    ),
    RowCode(
        "row.ambiguous_date",
        "A date can be read in two ways",
        "The column mixes day first and month first: write it as YYYY-MM-DD, or send date_order.",
        False,
    ),
    RowCode(
        "row.date_range",
        "The dates do not fit together",
        "Check that the birth date is past and that the first service date is not after the last.",
        False,
    ),
    RowCode(
        "row.field_too_long",
        "A cell is too long",
        "Shorten the cell; an unclosed quote can also make a cell swallow its neighbours.",
        False,
    ),
    RowCode(
        "row.control_character",
        "A cell holds an unprintable character",
        "Retype the cell: it holds a character that is neither a letter nor a sign.",
        False,
    ),
    RowCode(
        "row.practice_unknown",
        "The practice is not known",
        "Use the id or TIN of one of your organization's practices, or leave the cell empty.",
        False,
    ),
    RowCode(
        "payer.not_found",
        "The payer has no such claim",
        "The payer's claims for the dates in the evidence were read to the end: check number, name, birth date and service dates.",
        False,
    ),
    RowCode(
        "payer.patient_mismatch",
        "The claim belongs to another person",
        "The claim number exists with another name or birth date: correct the row.",
        False,
    ),
    RowCode(
        "payer.date_mismatch",
        "The claim has other service dates",
        "Correct the service dates of the row, or leave them out where a claim number is given.",
        False,
    ),
    RowCode(
        "payer.truncated",
        "The payer did not give its whole list",
        "Narrow the dates; until the list is whole, a missing claim proves nothing.",
        True,
    ),
    RowCode(
        "payer.rejected",
        "The payer refused the question",
        "The payer does not take these values: check TIN, payer id and dates.",
        False,
    ),
    RowCode(
        "payer.rate_limited",
        "The payer wants fewer questions",
        "Retry these rows later.",
        True,
    ),
    RowCode("payer.timeout", "The payer did not answer in time", "Retry these rows later.", True),
    RowCode("payer.unavailable", "The payer could not be reached", "Retry these rows later.", True),
    RowCode(
        "payer.bad_response",
        "The payer's answer could not be understood",
        "Retry these rows; tell an operator if it stays so.",
        True,
    ),
    RowCode(
        "internal",
        "The row could not be worked on",
        "Retry the row; tell an operator if it stays so.",
        True,
    ),
)

ROW_CODES: Final[Mapping[str, RowCode]] = MappingProxyType(
    {entry.code: entry for entry in _ROW_CODES}
)
