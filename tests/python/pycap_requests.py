"""The calls that our own client has, made by PyCap; `same_requests.rs` compares what the simulator understood of both.

Run with REDCAP_SIM_URL and REDCAP_SIM_TOKEN, the token of a sponsor study. Prints the name of each call; one request each, in order.
"""

import os
from datetime import datetime

from redcap import Project

EVENT = "week_1_arm_1"
ROWS = [
    {"record_id": "Ä-07", "redcap_event_name": "baseline_arm_1", "enroll_date": "2026-03-02"},
    {"record_id": "Ä-07", "redcap_event_name": EVENT, "rt_mean_ms": "251.5", "reaction_time_complete": "2"},
]
MARCH = datetime(2026, 3, 1, 8, 30)
# What is left of the project's design afterwards is enough for the same calls again.
ARMS = [{"arm_num": 1, "name": "Active"}]
EVENTS = [{"event_name": "Baseline", "arm_num": 1}, {"event_name": "Week 1", "arm_num": 1}]
MAPPING = [
    {"arm_num": 1, "unique_event_name": event, "form": form}
    for event, form in [
        ("baseline_arm_1", "enrollment"), ("baseline_arm_1", "adverse_event"), (EVENT, "reaction_time"), (EVENT, "wellbeing")
    ]
]
REPEATS = [{"event_name": "baseline_arm_1", "form_name": "adverse_event", "custom_form_label": ""}]

project = Project(os.environ["REDCAP_SIM_URL"], os.environ["REDCAP_SIM_TOKEN"])
# PyCap asks for the dictionary once, by itself, to know the record id's field.
project.metadata

CALLS = {
    "version": lambda: project.export_version(),
    "project_info": lambda: project.export_project_info(),
    "metadata": lambda: project.export_metadata(),
    "arms": lambda: project.export_arms(),
    "events": lambda: project.export_events(),
    "form_event_mapping": lambda: project.export_instrument_event_mappings(),
    "instruments": lambda: project.export_instruments(),
    "dags": lambda: project.export_dags(),
    "repeating_forms_events": lambda: project.export_repeating_instruments_events(),
    "next_record_name": lambda: project.generate_next_record_name(),
    "import_records": lambda: project.import_records(ROWS, return_content="ids"),
    "export_record": lambda: project.export_records(
        records=["Ä-07"], export_data_access_groups=True, export_survey_fields=True
    ),
    "export_records of everything": lambda: project.export_records(),
    "export_records of some fields": lambda: project.export_records(
        records=["Ä-07", "a,b"], fields=["record_id", "rt_mean_ms"], export_data_access_groups=True
    ),
    "export_records of forms at events": lambda: project.export_records(
        fields=["record_id"], forms=["enrollment", "reaction_time"], events=["baseline_arm_1", EVENT],
        export_survey_fields=True,
    ),
    "export_records as labels": lambda: project.export_records(raw_or_label="label"),
    "record_ids": lambda: project.export_records(fields=["record_id"]),
    "record_ids_since": lambda: project.export_records(fields=["record_id"], date_begin=MARCH),
    "survey_link": lambda: project.export_survey_link("Ä-07", "wellbeing", event=EVENT, repeat_instance=1),
    "read_log": lambda: project.export_logging(record="Ä-07", begin_time=MARCH),
    "import_metadata": lambda: project.import_metadata(project.metadata),
    "import_arms": lambda: project.import_arms(ARMS, override=1),
    "import_events": lambda: project.import_events(EVENTS, override=1),
    "import_form_event_mapping": lambda: project.import_instrument_event_mappings(MAPPING),
    "import_repeating_forms_events": lambda: project.import_repeating_instruments_events(REPEATS),
}

for name, call in CALLS.items():
    call()
    print(name)
