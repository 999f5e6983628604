"""redcaplite, unmodified, believes the simulator: every public call of its `RedcapClient`, and its errors.

Run by the test suite with REDCAP_SIM_URL and REDCAP_SIM_SUPER_TOKEN; by hand, after `metricis redcap-sim`.
"""

import contextlib
import io
import json
import tempfile
import unittest
from datetime import datetime, timezone
from pathlib import Path

import pandas as pd
from redcaplite import RedcapClient
from redcaplite.http.error import APIException

import redcap_server as server
from redcap_server import DICTIONARY, URL

BASE = {"record_id": "7", "redcap_event_name": "baseline_arm_1"}


class Suite(unittest.TestCase):
    def setUp(self):
        # The client prints each status.
        quiet = contextlib.redirect_stdout(io.StringIO())
        quiet.__enter__()
        self.addCleanup(quiet.__exit__, None, None, None)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.client = RedcapClient(URL, self.make())

    def file(self, name, content=b"hello"):
        (self.folder / name).write_bytes(content)
        return str(self.folder / name)


class Classic(Suite):
    def make(self):
        token = server.create("Classic")
        client = RedcapClient(URL, token)
        assert client.import_metadata(DICTIONARY, format="json") == len(DICTIONARY)
        return token

    def fill(self):
        rows = [{"record_id": "1", "field_1": "1", "checkbox_field___2": "1", "age": "42"}, {"record_id": "2", "field_1": "0"}]
        self.assertEqual(self.client.import_records(rows, format="json"), ["1", "2"])

    def test_metadata(self):
        frame = self.client.get_metadata()
        self.assertEqual(list(frame["field_name"]), [row["field_name"] for row in DICTIONARY])
        self.assertEqual(len(frame.columns), 18)
        self.assertEqual(self.client.get_metadata(format="json", forms=["form_1"]), DICTIONARY[:4])
        answer = self.client.import_metadata(frame)
        self.assertEqual(str(answer).strip(), str(len(DICTIONARY)))
        self.assertEqual(self.client.get_metadata(format="json"), DICTIONARY)
        with self.assertRaisesRegex(APIException, "is not valid"):
            self.client.import_metadata([{**DICTIONARY[0], "field_type": "tekst"}])
        self.assertEqual(self.client.get_field_names()[0]["export_field_name"], "record_id")
        self.assertEqual(len(self.client.get_field_names("checkbox_field", format="csv")), 2)
        self.assertEqual([row["instrument_name"] for row in self.client.get_instruments()], ["form_1", "second_form"])
        self.assertEqual(list(self.client.get_instruments(format="csv").columns), ["instrument_name", "instrument_label"])

    def test_records(self):
        self.fill()
        frame = self.client.export_records()
        self.assertEqual((list(frame["record_id"]), frame["age"][0]), ([1, 2], 42.0))
        rows = self.client.export_records(format="json", records=["1"], fields=["record_id", "age"])
        self.assertEqual(rows, [{"record_id": "1", "age": "42"}])
        rows = self.client.export_records(format="json", forms=["form_1"], rawOrLabel="label", exportCheckboxLabel=True)
        self.assertEqual((rows[0]["field_1"], rows[0]["checkbox_field___2"]), ("Yes", "Choice two"))
        frame = self.client.export_records(rawOrLabelHeaders="label", csvDelimiter=";", pd_read_csv_kwargs={"sep": ";"})
        self.assertEqual(frame.columns[0], "Record ID")
        self.assertEqual(len(self.client.export_records(format="json", filterLogic="[age] > 41")), 1)
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        self.assertEqual(len(self.client.export_records(format="json", dateRangeEnd=now.replace(year=2001))), 0)
        self.assertEqual(len(self.client.export_records(records=["99"])), 0)
        self.assertEqual(self.client.generate_next_record_name(), 3)

    def test_imports(self):
        frame = pd.DataFrame([{"record_id": "5", "age": 7}])
        self.assertEqual(self.client.import_records(frame), ["5"])
        self.assertEqual(self.client.import_records([{"record_id": "5"}], returnContent="count"), {"count": 1})
        auto = self.client.import_records([{"record_id": "x"}], returnContent="auto_ids", forceAutoNumber=True)
        self.assertEqual(auto, ["6,x"])
        text = "record_id;visit_date\n5;12/5/2004\n"
        self.client.import_records(text, format="csv", csvDelimiter=";", dateFormat="MDY")
        self.assertEqual(self.client.export_records(format="json", records=["5"])[0]["visit_date"], "2004-12-05")
        self.client.import_records([{"record_id": "5", "age": ""}], overwriteBehavior="overwrite")
        self.assertEqual(self.client.export_records(format="json", records=["5"])[0]["age"], "")
        # pandas makes numbers of a column with a gap floating, and REDCap does not take them for whole ones.
        gap = pd.DataFrame([{"record_id": "8", "age": 7}, {"record_id": "9", "age": None}])
        with self.assertRaisesRegex(APIException, '"8","age","7.0","The value you provided could not be validated'):
            self.client.import_records(gap)
        self.assertEqual(self.client.import_records([{"record_id": "5"}], backgroundProcess=True, returnContent="count"), {"success": True})

    def test_deleting_and_renaming(self):
        self.fill()
        self.assertEqual(self.client.rename_record("2", "332-1"), 1)
        self.assertEqual(self.client.delete_records(["332-1"]), 1)
        self.assertEqual(self.client.delete_records(["1"], instrument="second_form", delete_logging="0"), 1)
        self.assertEqual(self.client.export_records(format="json")[0]["age"], "")
        with self.assertRaisesRegex(APIException, "do not exist in the project. The following records do not exist: 9"):
            self.client.delete_records(["9"])
        with self.assertRaisesRegex(APIException, 'The record "9" does not exist'):
            self.client.rename_record("9", "10")

    def test_files(self):
        self.fill()
        answer = self.client.import_file(self.file("note.txt", b"one\x00two"), "1", "upload_field")
        self.assertEqual((answer.status_code, answer.text), (200, ""))
        answer = self.client.get_file("1", "upload_field", file_dictionary=str(self.folder))
        self.assertEqual((answer.content, (self.folder / "note.txt").read_bytes()), (b"one\x00two",) * 2)
        # The empty answer of a real server is no JSON, which is what the client expects here; the file has gone all the same.
        with self.assertRaises(json.JSONDecodeError):
            self.client.delete_file("1", "upload_field")
        self.assertEqual(self.client.export_records(format="json", records=["1"])[0]["upload_field"], "")
        with self.assertRaisesRegex(APIException, "does not exist or is not a 'file' field"):
            self.client.get_file("1", "age")

    def test_file_repository(self):
        folder = self.client.create_folder_file_repository("New Folder")[0]["folder_id"]
        self.client.import_file_repository(self.file("a.txt"), folder_id=folder)
        self.assertEqual(self.client.list_file_repository(), [{"folder_id": folder, "name": "New Folder"}])
        inner = self.client.list_file_repository(folder_id=folder)
        self.assertEqual([entry["name"] for entry in inner], ["a.txt"])
        target = self.folder / "down"
        target.mkdir()
        self.client.export_file_repository(inner[0]["doc_id"], file_dictionary=str(target))
        self.assertEqual((target / "a.txt").read_bytes(), b"hello")
        with self.assertRaises(json.JSONDecodeError):
            self.client.delete_file_repository(inner[0]["doc_id"])
        self.assertEqual(self.client.list_file_repository(folder_id=folder), [])
        with self.assertRaisesRegex(APIException, "folder_id=99 does not exist or else you do not have permission"):
            self.client.list_file_repository(folder_id=99)

    def test_documents(self):
        self.fill()
        answer = self.client.export_pdf(record="1", file_dictionary=str(self.folder))
        self.assertTrue(answer.content.startswith(b"%PDF-"))
        self.assertIn(b"Record 1", answer.content)
        self.assertTrue(self.client.export_pdf(allRecords=True, file_dictionary=str(self.folder)).content.startswith(b"%PDF-"))
        self.assertTrue(self.client.export_pdf(instrument="form_1", file_dictionary=str(self.folder)).content.endswith(b"%%EOF\n"))

    def test_settings_and_version(self):
        self.assertEqual(self.client.get_version().count("."), 2)
        settings = [{"project_title": "Renamed", "project_notes": "n", "surveys_enabled": 1, "unknown": "x"}]
        self.assertEqual(self.client.import_project_settings(settings), 3)
        info = self.client.get_project()
        self.assertEqual((info["project_title"], info["project_notes"], info["surveys_enabled"]), ("Renamed", "n", 1))
        self.assertEqual(self.client.get_project(format="csv")["project_title"][0], "Renamed")
        with self.assertRaisesRegex(APIException, "neither 0 nor 1"):
            self.client.import_project_settings([{"surveys_enabled": "maybe"}])

    def test_what_a_classic_project_does_not_have(self):
        for refused in [self.client.get_arms, self.client.get_events, self.client.get_form_event_mappings]:
            with self.assertRaisesRegex(APIException, "for classic projects"):
                refused()
        with self.assertRaisesRegex(APIException, "does not contain any repeating instruments and events"):
            self.client.get_repeating_forms_events()
        self.assertEqual(self.client.import_repeating_forms_events([{"form_name": "second_form", "custom_form_label": ""}]), 1)
        self.assertEqual(len(self.client.get_repeating_forms_events(format="csv")), 1)


class Longitudinal(Suite):
    def make(self):
        return server.sponsor_study()

    def fill(self):
        rows = [
            {**BASE, "enroll_date": "2025-03-10", "redcap_data_access_group": "site_north"},
            {**BASE, "redcap_repeat_instrument": "adverse_event", "redcap_repeat_instance": 2, "ae_term": "Head"},
            {"record_id": "8", "redcap_event_name": "week_1_arm_1", "se_symptoms___1": "1"},
        ]
        self.assertEqual(self.client.import_records(rows, format="json"), ["7", "8"])

    def test_records(self):
        self.fill()
        rows = self.client.export_records(format="json", events=["baseline_arm_1"], exportDataAccessGroups=True, exportSurveyFields=True)
        self.assertEqual([row["redcap_repeat_instance"] for row in rows], ["", 2])
        self.assertEqual(rows[1]["redcap_data_access_group"], "site_north")
        self.assertIn("wellbeing_timestamp", rows[0])
        blank = self.client.export_records(format="json", records=["8"], exportBlankForGrayFormStatus=True)
        self.assertEqual(blank[0]["wellbeing_complete"], "")
        self.assertEqual(self.client.delete_records(["7"], instrument="adverse_event", event="baseline_arm_1", repeat_instance=2), 1)
        self.assertEqual(len(self.client.export_records(format="json", records=["7"])), 1)

    def test_arms_and_events(self):
        self.assertEqual(self.client.get_arms(arms=[2]), [{"arm_num": 2, "name": "Control"}])
        self.assertEqual(self.client.import_arms([{"arm_num": 3, "name": "Third"}]), 1)
        self.assertEqual(self.client.import_events([{"event_name": "Only", "arm_num": 3}]), 1)
        self.assertEqual(list(self.client.get_arms(format="csv")["name"]), ["Active", "Control", "Third"])
        self.assertEqual(self.client.get_events(arms=[3])[0]["unique_event_name"], "only_arm_3")
        self.assertEqual(str(self.client.import_events(self.client.get_events(format="csv"))).strip(), "13")
        self.assertEqual(self.client.delete_events(["only_arm_3"]), 1)
        self.assertEqual(self.client.delete_arms([3]), 1)
        self.assertEqual(len(self.client.get_events()), 12)
        with self.assertRaises(APIException):
            self.client.delete_arms([9])
        arms = self.client.get_arms()
        self.assertEqual(self.client.import_arms(arms, override=1), 2)
        self.assertEqual(list(self.client.get_events(format="csv").columns)[:2], ["event_name", "arm_num"])

    def test_mapping_and_repeats(self):
        mapping = self.client.get_form_event_mappings()
        self.assertEqual(self.client.import_form_event_mappings(mapping[:5]), 5)
        self.assertEqual(self.client.get_form_event_mappings(), mapping[:5])
        self.assertEqual(len(self.client.get_form_event_mappings(arms=[2])), 0)
        self.client.import_form_event_mappings(mapping)
        repeats = [{"event_name": "baseline_arm_1", "form_name": "adverse_event", "custom_form_label": "[ae_term]"}]
        self.assertEqual(self.client.import_repeating_forms_events(repeats), 1)
        self.assertEqual(self.client.get_repeating_forms_events(), repeats)

    def test_groups_and_people(self):
        self.assertEqual(self.client.import_dags([{"data_access_group_name": "New", "unique_group_name": ""}]), 1)
        self.assertEqual([group["unique_group_name"] for group in self.client.get_dags()], ["site_north", "site_south", "new"])
        self.assertEqual(self.client.import_users([{"username": "sue", "data_access_group": "new"}]), 1)
        self.assertEqual(list(self.client.get_users(format="csv")["data_access_group"].fillna("")), ["", "new"])
        self.assertEqual(self.client.import_user_dag_mappings([{"username": "sue", "redcap_data_access_group": "site_north"}]), 1)
        self.assertEqual(self.client.get_user_dag_mappings()[-1]["redcap_data_access_group"], "site_north")
        self.assertEqual(self.client.delete_dags(["new"]), 1)
        self.assertEqual(self.client.import_user_roles([{"role_label": "Reader", "reports": "1"}]), 1)
        role = self.client.get_user_roles()[0]
        self.assertEqual(self.client.import_user_role_mappings([{"username": "sue", "unique_role_name": role["unique_role_name"]}]), 1)
        self.assertEqual(self.client.get_user_role_mappings()[-1]["unique_role_name"], role["unique_role_name"])
        self.assertEqual(self.client.get_users()[-1]["reports"], 1)
        self.assertEqual(self.client.delete_user_roles([role["unique_role_name"]]), 1)
        self.assertEqual(self.client.delete_users(["sue"]), 1)
        self.assertEqual(len(self.client.get_users()), 1)
        with self.assertRaisesRegex(APIException, "'sue' does not exist"):
            self.client.delete_users(["sue"])
        self.fill()
        self.assertEqual(self.client.switch_dag("site_south"), "1")
        self.assertEqual(self.client.export_records(format="json"), [])

    def test_surveys(self):
        self.fill()
        at = {"record": "8", "instrument": "wellbeing", "event": "week_1_arm_1"}
        link = self.client.get_survey_link(**at)
        self.assertIn("/surveys/?s=", link)
        self.assertIn("/surveys/?sq=", self.client.get_survey_queue_link("8"))
        self.assertEqual(len(self.client.get_survey_return_code(**at)), 8)
        frame = self.client.get_participant_list("wellbeing", "week_1_arm_1")
        self.assertIn(link, list(frame["survey_link"]))
        with self.assertRaisesRegex(APIException, 'The record "-1" does not exist'):
            self.client.get_survey_link("-1", "wellbeing", "week_1_arm_1")

    def test_log(self):
        self.fill()
        self.client.delete_records(["8"])
        frame = self.client.get_logs()
        self.assertEqual(list(frame.columns), ["timestamp", "username", "action", "details", "record"])
        self.assertEqual(frame["action"][0], "Delete record 8")
        rows = self.client.get_logs(format="json", logtype="record_add", record="7")
        self.assertEqual([row["action"] for row in rows], ["Create record (API) 7"])
        self.assertEqual(self.client.get_logs(format="json", endTime=datetime(2001, 1, 1)), [])

    def test_project_xml(self):
        self.fill()
        text = self.client.get_project_xml(exportDataAccessGroups=True)
        copy = RedcapClient(URL, server.create("Copy", text))
        self.assertEqual(copy.export_records(format="json"), self.client.export_records(format="json"))
        one = self.client.get_project_xml(records=["8"], events=["week_1_arm_1"])
        self.assertEqual(one.count("<SubjectData"), 1)
        self.assertNotIn("<ClinicalData", self.client.get_project_xml(returnMetadataOnly=True))

    def test_reports(self):
        with self.assertRaisesRegex(APIException, 'The report_id "4292" does not exist'):
            self.client.get_report(4292)
        xml = server.real("PHPCapLongitudinalData.REDCap.xml")
        if xml is not None:
            frame = RedcapClient(URL, server.create("Real", xml)).get_report(1)
            self.assertEqual(list(frame.columns)[:3], ["study_id", "redcap_event_name", "age"])
            self.assertGreater(len(frame), 50)


class Creation(Suite):
    def make(self):
        return server.SUPER_TOKEN

    def test_projects_are_made_from_a_table(self):
        token = self.client.create_project(pd.DataFrame([{"project_title": "Made", "purpose": 1, "purpose_other": "test"}])).strip()
        self.assertEqual(len(token), 32)
        info = RedcapClient(URL, token).get_project()
        self.assertEqual((info["project_title"], info["purpose"], info["purpose_other"]), ("Made", 1, "test"))
        with self.assertRaisesRegex(APIException, "Forbidden"):
            RedcapClient(URL, token).create_project(pd.DataFrame([{"project_title": "No", "purpose": 0}]))

    def test_a_wrong_token_is_forbidden(self):
        with self.assertRaisesRegex(APIException, "Forbidden"):
            RedcapClient(URL, "0" * 32).get_project()
        with self.assertRaisesRegex(APIException, "Bad Request: The value of the parameter \"content\" is not valid"):
            RedcapClient(URL, server.create("Plain")).post({"content": "nonsense", "format": "json"})


if __name__ == "__main__":
    unittest.main()
