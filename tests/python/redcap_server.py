"""What both suites need of the simulated server: its address, a super token, and projects made with it."""

import json
import os
import sys
from pathlib import Path

import requests

REPOSITORY = Path(__file__).resolve().parents[2]
REAL = REPOSITORY.parent / "shared" / "real" / "phpcap"

URL = os.environ["REDCAP_SIM_URL"]
SUPER_TOKEN = os.environ["REDCAP_SIM_SUPER_TOKEN"]


def call(token, **parameters):
    """One raw call, for what a client cannot ask or hides: status, headers and body."""
    return requests.post(URL, data={"token": token, **parameters}, timeout=60)


def create(title, odm=None, **settings):
    """Makes a project with the super token and returns the token of its creator."""
    columns = {"project_title": title, "purpose": 0, **settings}
    parameters = {"content": "project", "format": "json", "data": json.dumps([columns])}
    if odm is not None:
        parameters["odm"] = odm
    answer = call(SUPER_TOKEN, **parameters)
    assert answer.status_code == 200, answer.text
    # Some servers print more before the token; its 32 characters come last.
    return answer.text[-32:]


def sponsor_study():
    """The longitudinal project of the demo: two arms, twelve events, two groups, two surveys, a repeating form."""
    return create("Sponsor study", (REPOSITORY / "demo" / "sponsor-study.REDCap.xml").read_text("utf-8"))


def real(name):
    """A file of a real server, or None, said aloud, where the folder is not there. CI must have it."""
    path = REAL / name
    if not path.exists():
        assert "CI" not in os.environ, f"{path} is needed"
        print(f"nothing was tested: {path} is not here", file=sys.stderr)
        return None
    return path.read_text("utf-8")


def field(name, form, kind="text", label="", choices="", validation="", **more):
    """One row of a data dictionary, all 18 columns."""
    return {
        "field_name": name,
        "form_name": form,
        "section_header": "",
        "field_type": kind,
        "field_label": label or name.replace("_", " ").capitalize(),
        "select_choices_or_calculations": choices,
        "field_note": "",
        "text_validation_type_or_show_slider_number": validation,
        "text_validation_min": "",
        "text_validation_max": "",
        "identifier": "",
        "branching_logic": "",
        "required_field": "",
        "custom_alignment": "",
        "question_number": "",
        "matrix_group_name": "",
        "matrix_ranking": "",
        "field_annotation": "",
        **more,
    }


DICTIONARY = [
    field("record_id", "form_1", label="Record ID"),
    field("field_1", "form_1", "yesno"),
    field("checkbox_field", "form_1", "checkbox", choices="1, Choice one | 2, Choice two"),
    field("upload_field", "form_1", "file"),
    field("age", "second_form", validation="integer"),
    field("visit_date", "second_form", validation="date_ymd"),
    field("note", "second_form", "notes"),
    field("explanation", "second_form", "descriptive"),
]
