"""PyCap, unmodified, believes the simulator: every public call of its `Project`, and its errors.

Run by the test suite with REDCAP_SIM_URL and REDCAP_SIM_SUPER_TOKEN; by hand, after `metricis redcap-sim`.
"""

import csv
import io
import unittest
from datetime import datetime, timedelta

import semantic_version
from redcap import Project, RedcapError

import redcap_server as server
from redcap_server import DICTIONARY, URL, field

SPONSOR_BASE = {"record_id": "7", "redcap_event_name": "baseline_arm_1"}


def table(text):
    return list(csv.reader(io.StringIO(text)))


def words_of(caught):
    """What the server said, without the client's own quoting."""
    return caught.exception.args[0]["error"]


class Classic(unittest.TestCase):
    """One project without events, made by metadata alone."""

    def setUp(self):
        self.project = Project(URL, server.create("Classic"))
        self.assertEqual(self.project.import_metadata(DICTIONARY), len(DICTIONARY))

    def fill(self):
        rows = [
            {"record_id": "1", "field_1": "1", "checkbox_field___2": "1", "form_1_complete": "2", "age": "42"},
            {"record_id": "2", "field_1": "0", "note": 'two\nlines, "quoted"', "visit_date": "2024-02-29"},
        ]
        self.assertEqual(self.project.import_records(rows), {"count": 2})

    def test_what_the_project_is(self):
        self.assertEqual(self.project.field_names, [row["field_name"] for row in DICTIONARY])
        self.assertEqual(self.project.def_field, "record_id")
        self.assertEqual(sorted(self.project.forms), ["form_1", "second_form"])
        self.assertFalse(self.project.is_longitudinal)
        self.assertGreaterEqual(self.project.export_version(), semantic_version.Version("12.0.1"))
        info = self.project.export_project_info()
        self.assertEqual((info["project_title"], info["in_production"], info["purpose"]), ("Classic", 0, 0))
        self.assertEqual((info["is_longitudinal"], info["project_language"]), (0, "English"))
        self.assertIsInstance(info["project_id"], int)
        header = table(self.project.export_project_info(format_type="csv"))[0]
        self.assertEqual(header, list(info))
        self.assertIn("<project_title><![CDATA[Classic]]></project_title>", self.project.export_project_info("xml"))

    def test_metadata(self):
        self.assertEqual(self.project.export_metadata(), DICTIONARY)
        self.assertEqual(len(self.project.export_metadata(forms=["form_1"])), 4)
        self.assertEqual(self.project.export_metadata(fields=["age"])[0]["form_name"], "second_form")
        text = self.project.export_metadata(format_type="csv")
        self.assertEqual(self.project.import_metadata(text, import_format="csv"), len(DICTIONARY))
        self.assertEqual(self.project.export_metadata(format_type="csv"), text)
        self.assertEqual(self.project.import_metadata(self.project.export_metadata("xml"), import_format="xml"), 8)
        self.assertEqual(self.project.export_metadata(), DICTIONARY)
        with self.assertRaisesRegex(RedcapError, "field_type 'tekst' of the field 'age' is not valid"):
            self.project.import_metadata(DICTIONARY[:4] + [field("age", "second_form", "tekst")])
        with self.assertRaises(RedcapError) as caught:
            self.project.export_metadata(fields=["x"])
        self.assertEqual(words_of(caught), "The following values in the parameter \"fields\" are not valid: 'x'")
        self.assertEqual(self.project.export_metadata(), DICTIONARY)

    def test_field_names_and_instruments(self):
        names = [row["export_field_name"] for row in self.project.export_field_names()]
        self.assertEqual(names[:4], ["record_id", "field_1", "checkbox_field___1", "checkbox_field___2"])
        self.assertEqual(names[4:], ["form_1_complete", "age", "visit_date", "note", "second_form_complete"])
        one = self.project.export_field_names(field="checkbox_field", format_type="csv")
        self.assertEqual(table(one)[2], ["checkbox_field", "2", "checkbox_field___2"])
        with self.assertRaises(RedcapError):
            self.project.export_field_names(field="not_there")
        forms = [{"instrument_name": "form_1", "instrument_label": "Form 1"}]
        self.assertEqual(self.project.export_instruments()[:1], forms)

    def test_records_flat(self):
        self.fill()
        first = {
            "record_id": "1",
            "field_1": "1",
            "checkbox_field___1": "0",
            "checkbox_field___2": "1",
            "upload_field": "",
            "form_1_complete": "2",
            "age": "42",
            "visit_date": "",
            "note": "",
            "second_form_complete": "0",
        }
        rows = self.project.export_records()
        self.assertEqual((rows[0], list(rows[0])), (first, list(first)))
        self.assertEqual([row["record_id"] for row in rows], ["1", "2"])
        self.assertEqual(self.project.export_records(records=["2"])[0]["visit_date"], "2024-02-29")
        self.assertEqual(self.project.export_records(records=["99"]), [])
        self.assertEqual(self.project.export_records(fields="age"), [{"record_id": "1", "age": "42"}, {"record_id": "2", "age": ""}])
        self.assertEqual(list(self.project.export_records(forms=["form_1"])[0])[-1], "form_1_complete")

    def test_records_as_csv_and_xml(self):
        self.fill()
        fields = ["field_1", "checkbox_field", "note"]
        raw = self.project.export_records(format_type="csv", fields=fields)
        self.assertEqual(
            raw,
            "record_id,field_1,checkbox_field___1,checkbox_field___2,note\n1,1,0,1,\n"
            '2,0,0,0,"two\nlines, ""quoted"""\n',
        )
        label = self.project.export_records(format_type="csv", fields=fields[:2], raw_or_label="label", raw_or_label_headers="label")
        self.assertEqual(
            label,
            '"Record ID","Field 1","Checkbox field (choice=Choice one)","Checkbox field (choice=Choice two)"\n'
            "1,Yes,Unchecked,Checked\n2,No,Unchecked,Unchecked\n",
        )
        boxes = self.project.export_records(fields=fields, raw_or_label="label", export_checkbox_labels=True)
        self.assertEqual((boxes[0]["checkbox_field___1"], boxes[0]["checkbox_field___2"]), ("", "Choice two"))
        xml = self.project.export_records(format_type="xml", fields=["age"])
        self.assertIn("<records>\n<item><record_id><![CDATA[1]]></record_id><age><![CDATA[42]]></age></item>", xml)
        self.assertEqual(self.project.export_records(format_type="csv", records=["99"]).strip(), "")

    def test_eav_in_both_directions(self):
        self.fill()
        rows = self.project.export_records(record_type="eav", fields=["field_1", "checkbox_field", "age"])
        self.assertEqual(set(rows[0]), {"record", "field_name", "value"})
        self.assertIn({"record": "1", "field_name": "checkbox_field", "value": "2"}, rows)
        self.assertNotIn("", [row["value"] for row in rows])
        # PyCap imports flat rows only, so the other direction is a raw call.
        sent = '[{"record":"3","field_name":"age","value":"7"},{"record":"3","field_name":"checkbox_field","value":"1"}]'
        answer = server.call(self.project.token, content="record", format="json", type="eav", data=sent)
        self.assertEqual((answer.status_code, answer.json()), (200, {"count": 1}))
        row = self.project.export_records(records=["3"])[0]
        self.assertEqual((row["age"], row["checkbox_field___1"], row["checkbox_field___2"]), ("7", "1", "0"))

    def test_filters(self):
        self.fill()
        names = lambda logic: [row["record_id"] for row in self.project.export_records(filter_logic=logic)]
        self.assertEqual(names("[field_1] = 1"), ["1"])
        self.assertEqual(names("[age] > 41 and [checkbox_field(2)] = '1'"), ["1"])
        self.assertEqual(names("[age] = '' or not ([field_1] = \"1\")"), ["2"])
        with self.assertRaises(RedcapError):
            names("[no_such_field] = 1")
        hour = timedelta(hours=1)
        self.assertEqual(len(self.project.export_records(date_begin=datetime.utcnow() - hour)), 2)
        self.assertEqual(self.project.export_records(date_end=datetime.utcnow() - hour), [])

    def test_numbers_and_form_status_on_request(self):
        decimal = DICTIONARY + [field("dose", "second_form", validation="number")]
        self.project.import_metadata(decimal)
        self.project.import_records([{"record_id": "1", "dose": "1.5"}])
        self.assertEqual(self.project.export_records(fields=["dose"], decimal_character=",")[0]["dose"], "1,5")
        gray = self.project.export_records(fields=["form_1_complete"], export_blank_for_gray_form_status=True)
        self.assertEqual(gray[0]["form_1_complete"], "")

    def test_what_an_import_answers(self):
        rows = [{"record_id": 3, "field_1": 1}, {"record_id": 4}]
        self.assertEqual(self.project.import_records(rows), {"count": 2})
        self.assertEqual(self.project.import_records(rows, return_content="ids"), ["3", "4"])
        self.assertEqual(self.project.import_records(rows, return_content="nothing"), [{}])
        self.assertEqual(self.project.import_records(rows, return_format_type="csv"), "2")
        xml = self.project.import_records(rows, return_format_type="xml")
        self.assertEqual(xml, '<?xml version="1.0" encoding="UTF-8" ?><count>2</count>')
        auto = self.project.import_records([{"record_id": "x"}], return_content="auto_ids", force_auto_number=True)
        self.assertEqual(auto, ["5,x"])
        self.assertEqual(self.project.generate_next_record_name(), "6")
        text = "record_id,visit_date\n3,12/5/2004\n"
        self.assertEqual(self.project.import_records(text, import_format="csv", date_format="MDY"), {"count": 1})
        self.assertEqual(self.project.export_records(records=["3"])[0]["visit_date"], "2004-12-05")
        xml = "<records><item><record_id>8</record_id><age>3</age></item></records>"
        self.assertEqual(self.project.import_records(xml, import_format="xml"), {"count": 1})
        # An object instead of a list is REDCap's silent nothing.
        self.assertEqual(self.project.import_records({"record_id": "9"}), {"count": 0})

    def test_overwriting(self):
        self.fill()
        blank = [{"record_id": "1", "age": "", "field_1": ""}]
        self.project.import_records(blank)
        self.assertEqual(self.project.export_records(records=["1"])[0]["age"], "42")
        self.project.import_records(blank, overwrite="overwrite")
        self.assertEqual(self.project.export_records(records=["1"])[0]["age"], "")

    def test_bad_values_are_all_listed_and_nothing_is_stored(self):
        rows = [
            {"record_id": "1", "age": "1.0", "field_1": "2"},
            {"record_id": "2", "checkbox_field___1": "yes", "second_form_complete": "7", "note": "fine"},
        ]
        with self.assertRaises(RedcapError) as caught:
            self.project.import_records(rows)
        lines = table(caught.exception.args[0]["error"])
        self.assertEqual([line[:3] for line in lines], [["1", "age", "1.0"], ["1", "field_1", "2"], ["2", "checkbox_field___1", "yes"], ["2", "second_form_complete", "7"]])
        self.assertIn("does not follow the expected format", lines[0][3])
        self.assertEqual(lines[1][3], "The value is not a valid category for field_1")
        self.assertEqual(self.project.export_records(), [])
        with self.assertRaisesRegex(RedcapError, "were not found in the project as real data fields: nope"):
            self.project.import_records([{"record_id": "1", "nope": "1"}])
        with self.assertRaises(RedcapError):
            self.project.import_records("record_id,age\n1,old\n", import_format="csv", return_format_type="csv")
        with self.assertRaises(RedcapError):
            self.project.import_records(rows, return_format_type="xml")

    def test_deletion(self):
        self.fill()
        with self.assertRaisesRegex(RedcapError, "The following records do not exist: 9"):
            self.project.delete_records(["1", "9"])
        self.assertEqual(len(self.project.export_records()), 2)
        self.assertEqual(self.project.delete_records(["2"], instrument="second_form"), 1)
        row = self.project.export_records(records=["2"])[0]
        self.assertEqual((row["field_1"], row["visit_date"]), ("0", ""))
        self.assertEqual(self.project.delete_records(["1", "2"], delete_logging=True, return_format_type="csv"), "2")
        self.assertEqual(self.project.export_records(), [])

    def test_renaming(self):
        self.fill()
        rename = {"content": "record", "action": "rename", "record": "2", "new_record_name": "332-1"}
        self.assertEqual(server.call(self.project.token, **rename).text, "1")
        self.assertEqual([row["record_id"] for row in self.project.export_records(fields=["age"])], ["1", "332-1"])
        again = server.call(self.project.token, returnFormat="json", **rename)
        self.assertEqual((again.status_code, again.json()), (400, {"error": 'The record "2" does not exist'}))

    def test_files(self):
        self.fill()
        with self.assertRaises(RedcapError):
            self.project.export_file("1", "upload_field")
        self.assertEqual(self.project.import_file("1", "upload_field", "a b.txt", io.BytesIO(b"one\x00two")), [{}])
        content, headers = self.project.export_file("1", "upload_field")
        self.assertEqual((content, headers), (b"one\x00two", {"name": "a b.txt", "charset": "UTF-8"}))
        self.assertEqual(self.project.export_records(records=["1"])[0]["upload_field"], "a b.txt")
        # A record import leaves file fields alone.
        self.project.import_records([{"record_id": "1", "upload_field": "other.txt"}], overwrite="overwrite")
        self.assertEqual(self.project.export_records(records=["1"])[0]["upload_field"], "a b.txt")
        self.assertEqual(self.project.delete_file("1", "upload_field"), [{}])
        self.assertEqual(self.project.export_records(records=["1"])[0]["upload_field"], "")
        with self.assertRaises(ValueError):
            self.project.import_file("1", "age", "x", io.BytesIO(b""))
        answer = server.call(self.project.token, content="file", action="export", record="1", field="age", returnFormat="json")
        self.assertEqual((answer.status_code, answer.json()["error"]), (400, "The field 'age' does not exist or is not a 'file' field"))

    def test_what_a_classic_project_does_not_have(self):
        for refused, words in [
            (self.project.export_arms, "You cannot export arms for classic projects"),
            (self.project.export_events, "You cannot export events for classic projects"),
            (self.project.export_instrument_event_mappings, "You cannot export form/event mappings for classic projects"),
            (self.project.export_repeating_instruments_events, "does not contain any repeating instruments and events"),
        ]:
            with self.assertRaisesRegex(RedcapError, words):
                refused()

    def test_a_form_becomes_repeating(self):
        self.fill()
        repeats = [{"form_name": "second_form", "custom_form_label": "[age]"}]
        self.assertEqual(self.project.import_repeating_instruments_events(repeats), 1)
        self.assertEqual(self.project.export_repeating_instruments_events(), repeats)
        row = {"record_id": "1", "redcap_repeat_instrument": "second_form", "redcap_repeat_instance": "new", "age": "1"}
        self.project.import_records([row, {**row, "age": "2"}])
        rows = self.project.export_records(records=["1"], forms=["second_form"])
        self.assertEqual([(row["redcap_repeat_instance"], row["age"]) for row in rows if row["redcap_repeat_instrument"]], [(1, "1"), (2, "2")])

    def test_reports_need_one(self):
        with self.assertRaises(RedcapError):
            self.project.export_report(report_id="4292")


class FileRepository(unittest.TestCase):
    def test_folders_and_files(self):
        project = Project(URL, server.create("Files"))
        folder = project.create_folder_in_repository(name="New Folder")[0]["folder_id"]
        self.assertEqual(project.export_file_repository(), [{"folder_id": folder, "name": "New Folder"}])
        self.assertEqual(project.import_file_into_repository("test.txt", io.BytesIO(b"hello")), [{}])
        self.assertEqual(project.import_file_into_repository("inner.txt", io.BytesIO(b"inner"), folder_id=folder), [{}])
        listed = project.export_file_repository()
        document = [entry for entry in listed if entry["name"] == "test.txt"].pop()["doc_id"]
        self.assertEqual(project.export_file_from_repository(document), (b"hello", {"name": "test.txt", "charset": "UTF-8"}))
        inner = project.export_file_repository(folder_id=folder)
        self.assertEqual([entry["name"] for entry in inner], ["inner.txt"])
        sub = project.create_folder_in_repository(name="Sub", folder_id=folder, format_type="csv", return_format_type="csv")
        self.assertEqual(table(sub)[0], ["folder_id"])
        self.assertEqual(project.delete_file_from_repository(inner[0]["doc_id"]), [{}])
        self.assertEqual([entry["name"] for entry in project.export_file_repository(folder_id=folder)], ["Sub"])
        with self.assertRaisesRegex(RedcapError, "The File Repository folder folder_id=99 does not exist or else"):
            project.export_file_repository(folder_id=99)
        # The client overlooks the refusal of a deletion.
        gone = server.call(project.token, content="fileRepository", action="delete", doc_id=inner[0]["doc_id"], returnFormat="json")
        self.assertEqual((gone.status_code, list(gone.json())), (400, ["error"]))


class Longitudinal(unittest.TestCase):
    """The demo's project, loaded from REDCap's project XML with the super token."""

    def setUp(self):
        self.project = Project(URL, server.sponsor_study())

    def fill(self):
        rows = [
            {**SPONSOR_BASE, "enroll_date": "2025-03-10", "arm": 1, "redcap_data_access_group": "site_north"},
            {**SPONSOR_BASE, "redcap_repeat_instrument": "adverse_event", "redcap_repeat_instance": 2, "ae_term": "Head"},
            {"record_id": "8", "redcap_event_name": "week_1_arm_1", "se_symptoms___1": "1"},
        ]
        self.assertEqual(self.project.import_records(rows), {"count": 2})

    def test_rows_of_events_and_instances(self):
        self.fill()
        self.assertTrue(self.project.is_longitudinal)
        rows = self.project.export_records(fields=["enroll_date", "ae_term"])
        self.assertEqual(
            list(rows[0]),
            ["record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance", "enroll_date", "ae_term"],
        )
        self.assertEqual((rows[0]["redcap_repeat_instance"], rows[1]["redcap_repeat_instance"]), ("", 2))
        rows = self.project.export_records(events=["week_1_arm_1"])
        self.assertEqual([row["record_id"] for row in rows], ["8"])
        label = self.project.export_records(format_type="csv", fields=["ae_term"], records=["7"], raw_or_label="label")
        self.assertIn('7,Baseline,"Adverse Event",2,Head\n', label)
        groups = self.project.export_records(fields=["arm"], export_data_access_groups=True)
        self.assertEqual(groups[0]["redcap_data_access_group"], "site_north")
        self.assertIn("redcap_survey_identifier", self.project.export_records(export_survey_fields=True)[0])
        # Without an event a row belongs to the first one of the first arm.
        self.project.import_records([{"record_id": "9", "arm": "2"}])
        self.assertEqual(self.project.export_records(records=["9"], fields=["arm"])[0]["redcap_event_name"], "baseline_arm_1")

    def test_parts_of_a_record_are_deleted(self):
        self.fill()
        gone = self.project.delete_records(["7"], instrument="adverse_event", event="baseline_arm_1", repeat_instance=2)
        self.assertEqual(gone, 1)
        self.assertEqual(len(self.project.export_records(records=["7"])), 1)
        self.project.import_records([{"record_id": "7", "redcap_event_name": "week_1_arm_1", "wb_mood": "1"}])
        self.assertEqual(self.project.delete_records(["7"], event="week_1_arm_1"), 1)
        self.assertEqual([row["redcap_event_name"] for row in self.project.export_records(records=["7"])], ["baseline_arm_1"])
        self.project.import_records([{"record_id": "7", "redcap_event_name": "baseline_arm_2", "arm": "2"}])
        self.assertEqual(self.project.delete_records(["7"], arm="2"), 1)
        self.assertEqual(len(self.project.export_records(records=["7"])), 1)

    def test_arms(self):
        self.assertEqual(self.project.export_arms(), [{"arm_num": 1, "name": "Active"}, {"arm_num": 2, "name": "Control"}])
        self.assertEqual(self.project.export_arms(arms=["2"])[0]["arm_num"], 2)
        self.assertEqual(self.project.import_arms([{"arm_num": "3", "name": "Third"}]), 1)
        self.assertEqual(len(self.project.export_arms()), 2, "an arm shows once it has an event")
        self.project.import_events([{"event_name": "Only", "arm_num": 3}])
        self.assertEqual(self.project.export_arms(format_type="csv"), "arm_num,name\n1,Active\n2,Control\n3,Third\n")
        self.assertEqual(self.project.delete_arms(["3"]), 1)
        self.assertEqual(len(self.project.export_arms()), 2)
        with self.assertRaises(RedcapError):
            self.project.delete_arms(["9"])

    def test_arms_events_and_mapping_made_again(self):
        arms, events = self.project.export_arms(), self.project.export_events()
        mapping = self.project.export_instrument_event_mappings()
        self.fill()
        self.assertEqual(self.project.import_arms(arms, override=1), 2)
        self.assertEqual((self.project.export_events(), self.project.export_arms()), ([], []))
        self.assertEqual(self.project.export_records(), [])
        with self.assertRaises(RedcapError):
            self.project.import_records([{"record_id": "1"}])
        self.assertEqual(self.project.import_events(events), 12)
        self.assertEqual(self.project.import_instrument_event_mappings(mapping), 36)
        without = lambda rows: [{k: v for k, v in row.items() if k != "event_id"} for row in rows]
        self.assertEqual(without(self.project.export_events()), without(events))
        self.assertEqual(self.project.export_instrument_event_mappings(), mapping)

    def test_events(self):
        events = self.project.export_events(arms=["1"])
        self.assertEqual(len(events), 6)
        keys = ["event_name", "arm_num", "day_offset", "offset_min", "offset_max", "unique_event_name", "custom_event_label", "event_id"]
        self.assertEqual(list(events[0]), keys)
        self.assertEqual(self.project.import_events([{"event_name": "Event 2 with a long label", "arm_num": "1"}]), 1)
        self.assertEqual(self.project.export_events(arms=["1"])[-1]["unique_event_name"], "event_2_with_a_lon_arm_1")
        self.assertEqual(self.project.delete_events(["event_2_with_a_lon_arm_1"]), 1)
        self.fill()
        renamed = [{"event_name": "Start", "arm_num": "1", "unique_event_name": "baseline_arm_1"}]
        self.assertEqual(self.project.import_events(renamed), 1)
        first = self.project.export_events()[0]
        self.assertEqual((first["unique_event_name"], first["event_id"]), ("start_arm_1", events[0]["event_id"]))
        self.assertEqual(self.project.export_records(records=["7"])[0]["redcap_event_name"], "start_arm_1")
        with self.assertRaises(RedcapError):
            self.project.delete_events(["nowhere_arm_1"])
        with self.assertRaises(RedcapError):
            self.project.import_events([{"event_name": "X", "arm_num": "7"}])

    def test_mapping_and_repeats(self):
        mapping = self.project.export_instrument_event_mappings(arms=["2"])
        self.assertEqual(list(mapping[0]), ["arm_num", "unique_event_name", "form"])
        text = self.project.export_instrument_event_mappings(format_type="csv")
        self.assertEqual(self.project.import_instrument_event_mappings(text, import_format="csv"), 36)
        with self.assertRaises(RedcapError):
            self.project.import_instrument_event_mappings([{"arm_num": 1, "unique_event_name": "x_arm_1", "form": "contact"}])
        repeats = self.project.export_repeating_instruments_events(format_type="csv")
        self.assertEqual(repeats.splitlines()[0], "event_name,form_name,custom_form_label")
        self.assertEqual(self.project.import_repeating_instruments_events(repeats, import_format="csv"), 2)
        self.assertEqual(self.project.export_repeating_instruments_events(format_type="csv"), repeats)
        whole = [{"event_name": "week_1_arm_1", "form_name": "", "custom_form_label": ""}]
        self.assertEqual(self.project.import_repeating_instruments_events(whole), 1)
        row = {"record_id": "1", "redcap_event_name": "week_1_arm_1", "redcap_repeat_instance": 2, "wb_mood": "2"}
        self.project.import_records([{**row, "redcap_repeat_instance": 1}, row])
        self.assertEqual(self.project.delete_records(["1"], event="week_1_arm_1", repeat_instance=2), 1)
        rows = self.project.export_records(records=["1"])
        self.assertEqual([(row["redcap_repeat_instrument"], row["redcap_repeat_instance"]) for row in rows], [("", 1)])

    def test_places_that_do_not_fit_are_refused(self):
        for row, words in [
            ({**SPONSOR_BASE, "redcap_repeat_instrument": "adverse_event", "redcap_repeat_instance": "0", "ae_term": "x"}, "must have a numeric value between '1' and '32767'"),
            ({**SPONSOR_BASE, "redcap_repeat_instrument": "contact", "redcap_repeat_instance": 1}, "must be the unique form name of a Repeating Instrument"),
            ({**SPONSOR_BASE, "redcap_repeat_instance": 1}, "cannot have a value since this instrument or event is not"),
            ({**SPONSOR_BASE, "ae_term": "x"}, "exists on a Repeating Instrument named 'adverse_event'"),
            ({"record_id": "7", "redcap_event_name": "week_1_arm_1", "enroll_date": "2025-01-01"}, "not designated for the event named 'Week 1"),
        ]:
            with self.assertRaises(RedcapError) as caught:
                self.project.import_records([row])
            self.assertIn(words, words_of(caught))
        self.assertEqual(self.project.export_records(), [])

    def test_groups(self):
        groups = self.project.export_dags()
        self.assertEqual([group["unique_group_name"] for group in groups], ["site_north", "site_south"])
        self.assertIsInstance(groups[0]["data_access_group_id"], int)
        new = [{"data_access_group_name": "Integration test DAG", "unique_group_name": ""}]
        self.assertEqual(self.project.import_dags(new), 1)
        self.assertEqual(self.project.export_dags()[-1]["unique_group_name"], "integration_test_d")
        self.assertEqual(self.project.delete_dags(["integration_test_d"]), 1)
        with self.assertRaises(RedcapError):
            self.project.delete_dags(["integration_test_d"])
        self.assertEqual(self.project.export_dags(format_type="csv").splitlines()[0], "data_access_group_name,unique_group_name,data_access_group_id")

    def test_a_person_in_a_group_sees_that_group(self):
        self.fill()
        self.project.import_records([{"record_id": "20", "redcap_data_access_group": "site_south"}])
        mine = [row["username"] for row in self.project.export_users()][0]
        group = {group["unique_group_name"]: group["data_access_group_id"] for group in self.project.export_dags()}
        assignment = [{"username": mine, "redcap_data_access_group": "site_south"}]
        self.assertEqual(self.project.import_user_dag_assignment(assignment), 1)
        self.assertEqual(self.project.export_user_dag_assignment(), assignment)
        rows = self.project.export_records(export_data_access_groups=True)
        self.assertEqual({row["record_id"] for row in rows}, {"20"})
        self.assertNotIn("redcap_data_access_group", rows[0])
        self.assertEqual(self.project.generate_next_record_name(), f"{group['site_south']}-1")
        with self.assertRaises(RedcapError):
            self.project.delete_records(["7"])
        self.project.import_records([{"record_id": "21", "arm": "1"}])
        with self.assertRaises(RedcapError):
            self.project.import_records([{**SPONSOR_BASE, "arm": "2"}])
        self.assertEqual(self.project.switch_dag("site_north"), "1")
        self.assertEqual({row["record_id"] for row in self.project.export_records()}, {"7"})
        self.project.import_user_dag_assignment([{"username": mine, "redcap_data_access_group": ""}])
        rows = self.project.export_records(fields=["arm"], export_data_access_groups=True)
        self.assertEqual({row["record_id"]: row["redcap_data_access_group"] for row in rows}["21"], "site_south")

    def test_users(self):
        first = self.project.export_users()[0]
        self.assertEqual(list(first)[:6], ["username", "email", "firstname", "lastname", "expiration", "data_access_group"])
        self.assertGreaterEqual(len(first), 33)
        self.assertEqual((first["design"], first["api_export"], first["data_access_group_id"]), (1, 1, ""))
        self.assertEqual(first["forms"]["contact"], 1)
        name = "pandeharris@gmail.com"
        self.assertEqual(self.project.import_users([{"username": name}]), 1)
        full = {"username": name, "email": name, "firstname": "REDCap Trial", "design": 1, "reports": 1,
                "data_access_group": "site_north", "forms": {"contact": 3}, "forms_export": {"contact": 2}}
        self.assertEqual(self.project.import_users([full]), 1)
        last = self.project.export_users()[-1]
        self.assertEqual((last["email"], last["design"], last["data_access_group"]), (name, 1, "site_north"))
        self.assertEqual((last["forms"]["contact"], last["forms_export"]["contact"], last["forms"]["enrollment"]), (3, 2, 0))
        # A user import that does not name the group takes the person out of it.
        self.project.import_users([{"username": name, "reports": 0}])
        last = self.project.export_users()[-1]
        self.assertEqual((last["data_access_group"], last["design"], last["reports"]), ("", 1, 0))
        text = self.project.export_users(format_type="csv")
        self.assertIn('contact:3', text)
        self.assertEqual(self.project.import_users(text, import_format="csv"), 2)
        self.assertEqual(self.project.export_users(format_type="csv"), text)
        self.assertEqual(self.project.delete_users([name], return_format_type="xml"), "1")
        with self.assertRaises(RedcapError):
            self.project.delete_users([name])
        with self.assertRaises(RedcapError):
            self.project.import_users([{"username": name, "data_access_group": "nowhere"}])

    def test_roles(self):
        self.assertEqual(self.project.import_user_roles([{"role_label": "New Role", "reports": 1, "forms": {"contact": 2}}]), 1)
        role = self.project.export_user_roles()[0]
        self.assertRegex(role["unique_role_name"], "^U-[0-9A-Z]{10}$")
        self.assertEqual((role["reports"], role["design"], role["forms"]["contact"]), ("1", "0", 2))
        name = role["unique_role_name"]
        self.assertEqual(self.project.import_user_roles([{**role, "role_label": "Renamed"}]), 1)
        self.assertEqual([role["role_label"] for role in self.project.export_user_roles()], ["Renamed"])
        self.project.import_users([{"username": "rob"}])
        self.assertEqual(self.project.import_user_role_assignment([{"username": "rob", "unique_role_name": name}]), 1)
        assigned = self.project.export_user_role_assignment()[-1]
        self.assertEqual(assigned, {"username": "rob", "unique_role_name": name, "data_access_group": ""})
        self.assertEqual(self.project.import_user_role_assignment(self.project.export_user_role_assignment()), 2)
        self.assertEqual(self.project.delete_user_roles([name]), 1)
        self.assertEqual(self.project.export_user_role_assignment()[-1]["unique_role_name"], "")
        with self.assertRaises(RedcapError):
            self.project.delete_user_roles([name])

    def test_rights_are_enforced(self):
        mine = self.project.export_users()[0]["username"]
        self.fill()
        without = lambda **rights: self.project.import_users([{"username": mine, **rights}])
        without(record_delete=0)
        with self.assertRaisesRegex(RedcapError, "You do not have Delete Record privileges"):
            self.project.delete_records(["7"])
        without(data_access_groups=0)
        with self.assertRaisesRegex(RedcapError, "You must have 'API Export' privileges and 'Data Access Groups' privileges in the project"):
            self.project.export_dags()
        self.project.import_user_roles([{"role_label": "Reader", "api_export": 1, "api_import": 0}])
        role = self.project.export_user_roles()[0]["unique_role_name"]
        self.project.import_user_role_assignment([{"username": mine, "unique_role_name": role}])
        with self.assertRaisesRegex(RedcapError, "You do not have API Import/Update privileges"):
            self.project.import_records([{"record_id": "1"}])
        self.assertEqual(len(self.project.export_records()), 3)

    def test_surveys(self):
        self.fill()
        link = self.project.export_survey_link("8", "wellbeing", "week_1_arm_1")
        self.assertRegex(link, "/surveys/\\?s=[0-9A-Za-z]{16}$")
        self.assertEqual(self.project.export_survey_link("8", "wellbeing", "week_1_arm_1"), link)
        self.assertRegex(self.project.export_survey_queue_link("8"), "/surveys/\\?sq=[0-9A-Za-z]+$")
        self.assertRegex(self.project.export_survey_access_code("8", "wellbeing", "week_1_arm_1"), "^[0-9A-Z]{9}$")
        self.assertRegex(self.project.export_survey_return_code("8", "wellbeing", "week_1_arm_1"), "^[0-9A-Za-z]{8}$")
        people = self.project.export_survey_participant_list("wellbeing", event="week_1_arm_1")
        keys = ["email", "email_occurrence", "identifier", "record", "invitation_sent_status", "invitation_send_time",
                "response_status", "survey_access_code", "survey_link", "survey_queue_link"]
        self.assertEqual(list(people[0]), keys)
        mine = [row for row in people if row["record"] == "8"][0]
        self.assertEqual((mine["survey_link"], mine["response_status"]), (link, 0))
        for refused in [
            lambda: self.project.export_survey_link("-1", "wellbeing", "week_1_arm_1"),
            lambda: self.project.export_survey_link("8", "contact", "baseline_arm_1"),
            lambda: self.project.export_survey_participant_list("contact"),
            lambda: self.project.export_survey_queue_link("-1"),
        ]:
            with self.assertRaises(RedcapError):
                refused()
        with self.assertRaisesRegex(RedcapError, 'The record "-1" does not exist'):
            self.project.export_survey_link("-1", "wellbeing", "week_1_arm_1")

    def test_files_need_their_event(self):
        row = [field("consent_scan", "contact", "file")]
        self.project.import_metadata(self.project.export_metadata() + row)
        self.project._metadata = self.project._field_names = None
        self.fill()
        # The client overlooks the refusal of an import, but nothing is stored.
        self.project.import_file("7", "consent_scan", "x.txt", io.BytesIO(b"x"))
        with self.assertRaises(RedcapError):
            self.project.export_file("7", "consent_scan", event="baseline_arm_1")
        self.project.import_file("7", "consent_scan", "x.txt", io.BytesIO(b"x"), event="baseline_arm_1")
        self.assertEqual(self.project.export_file("7", "consent_scan", event="baseline_arm_1")[0], b"x")
        self.assertEqual(self.project.delete_file("7", "consent_scan", event="baseline_arm_1"), [{}])

    def test_the_log(self):
        self.fill()
        self.project.export_arms()
        self.project.delete_records(["8"])
        log = self.project.export_logging()
        self.assertEqual(list(log[0]), ["timestamp", "username", "action", "details", "record"])
        self.assertRegex(log[0]["timestamp"], "^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d$")
        self.assertEqual((log[0]["action"], log[0]["record"]), ("Delete record 8", "8"))
        self.assertEqual((log[1]["action"], log[1]["details"]), ("Manage/Design ", "Export arms (API)"))
        self.assertEqual(log[-1]["details"], "Create project using REDCap XML file")
        edits = self.project.export_logging(log_type="record", record="7")
        self.assertIn("Create record (API) 7", [row["action"] for row in edits])
        self.assertIn("enroll_date = '2025-03-10'", "".join(row["details"] for row in edits))
        self.assertEqual(len(self.project.export_logging(log_type="record_delete")), 1)
        self.assertEqual(self.project.export_logging(user="nobody"), [])
        self.assertEqual(self.project.export_logging(end_time=datetime(2001, 1, 1)), [])
        self.assertEqual(self.project.export_logging(log_type="manage")[0]["details"], "Export Logging (API)")


class Errors(unittest.TestCase):
    def test_a_wrong_token(self):
        for project_format in ["json", "csv", "xml"]:
            with self.assertRaisesRegex(RedcapError, "You do not have permissions to use the API"):
                Project(URL, "0" * 32).export_project_info(project_format)
        for content in ["record", "dag", "user", "version"]:
            self.assertEqual(server.call("0" * 32, content=content).status_code, 403)

    def test_bodies_by_format(self):
        token = server.create("Errors")
        words = 'The value of the parameter "content" is not valid'
        bodies = {"json": '{"error":"The value of the parameter \\"content\\" is not valid"}', "csv": f"ERROR: {words}",
                  "xml": f'<?xml version="1.0" encoding="UTF-8" ?><hash><error>{words}</error></hash>'}
        for returned, body in bodies.items():
            answer = server.call(token, content="nonsense", returnFormat=returned)
            self.assertEqual((answer.status_code, answer.text), (400, body))
        self.assertEqual(server.call(token, content="nonsense").text, bodies["xml"])

    def test_projects_are_made_only_with_a_super_token(self):
        data = '[{"project_title":"Mine","purpose":0}]'
        token = server.create("Ordinary")
        for wrong in ["0" * 64, token]:
            self.assertEqual(server.call(wrong, content="project", format="json", data=data).status_code, 403)
        for bad in ['[{"purpose":0}]', '[{"project_title":"x","purpose":"9"}]']:
            answer = server.call(server.SUPER_TOKEN, content="project", format="json", returnFormat="json", data=bad)
            self.assertEqual((answer.status_code, list(answer.json())), (400, ["error"]))
        answer = server.call(server.SUPER_TOKEN, content="project", format="json", data=data, odm="<ODM><Study>")
        self.assertEqual(answer.status_code, 400)


class ProjectXml(unittest.TestCase):
    """What `project_xml` gives makes the same project again."""

    def again(self, token):
        answer = server.call(token, content="project_xml", exportFiles="true", exportDataAccessGroups="true", exportSurveyFields="true")
        self.assertEqual(answer.status_code, 200)
        self.assertTrue(answer.text.startswith('<?xml version="1.0" encoding="UTF-8" ?>'))
        return Project(URL, server.create("Copy", answer.text))

    def same(self, one, other):
        self.assertEqual(one.export_metadata(), other.export_metadata())
        self.assertEqual(one.export_records(export_data_access_groups=True, export_survey_fields=True), other.export_records(export_data_access_groups=True, export_survey_fields=True))
        self.assertEqual(one.export_instruments(), other.export_instruments())
        apart = {"project_id", "creation_time", "project_title"}
        info = lambda project: {k: v for k, v in project.export_project_info().items() if k not in apart}
        self.assertEqual(info(one), info(other))
        if one.is_longitudinal:
            without = lambda rows: [{k: v for k, v in row.items() if k != "event_id"} for row in rows]
            self.assertEqual(without(one.export_events()), without(other.export_events()))
            self.assertEqual(one.export_arms(), other.export_arms())
            self.assertEqual(one.export_instrument_event_mappings(), other.export_instrument_event_mappings())
        if one.export_project_info()["has_repeating_instruments_or_events"]:
            self.assertEqual(one.export_repeating_instruments_events(), other.export_repeating_instruments_events())
        names = lambda project: [group["unique_group_name"] for group in project.export_dags()]
        self.assertEqual(names(one), names(other))

    def test_the_sponsor_study(self):
        project = Project(URL, server.sponsor_study())
        rows = [
            {**SPONSOR_BASE, "enroll_date": "2025-03-10", "redcap_data_access_group": "site_north"},
            {**SPONSOR_BASE, "redcap_repeat_instrument": "adverse_event", "redcap_repeat_instance": 2, "ae_term": "a < b & \"c\"\nd"},
            {"record_id": "8", "redcap_event_name": "week_1_arm_1", "se_symptoms___1": "1"},
        ]
        project.import_records(rows)
        project.import_user_roles([{"role_label": "Reader", "reports": 1}])
        copy = self.again(project.token)
        self.same(project, copy)
        self.assertEqual([role["role_label"] for role in copy.export_user_roles()], ["Reader"])

    def test_a_file_travels_with_it(self):
        project = Project(URL, server.create("Files"))
        project.import_metadata(DICTIONARY)
        project.import_records([{"record_id": "1", "field_1": "1"}])
        project.import_file("1", "upload_field", "x.bin", io.BytesIO(bytes(range(256))))
        copy = self.again(project.token)
        self.same(project, copy)
        self.assertEqual(copy.export_file("1", "upload_field")[0], bytes(range(256)))

    def test_metadata_only(self):
        project = Project(URL, server.sponsor_study())
        project.import_records([{"record_id": "1"}])
        answer = server.call(project.token, content="project_xml", returnMetadataOnly="true")
        copy = Project(URL, server.create("Empty", answer.text))
        self.assertEqual((copy.export_metadata(), copy.export_records()), (project.export_metadata(), []))

    def test_real_projects(self):
        for name in ["BasicDemography", "Dag", "LongitudinalData", "RepeatableSurvey", "RepeatingForms"]:
            xml = server.real(f"PHPCap{name}.REDCap.xml")
            if xml is not None:
                with self.subTest(name):
                    project = Project(URL, server.create(name, xml))
                    self.same(project, self.again(project.token))


class Real(unittest.TestCase):
    """Projects and files of a real REDCap (PHPCap's tests)."""

    def project(self, name):
        xml = server.real(f"PHPCap{name}.REDCap.xml")
        if xml is None:
            self.skipTest("the files of a real REDCap are not here")
        return Project(URL, server.create(name, xml))

    def test_every_file_has_its_test(self):
        """A file that is added to the folder is used, or this says that it is not."""
        used = {f"PHPCap{name}.REDCap.xml" for name in ["BasicDemography", "Dag", "LongitudinalData", "RepeatableSurvey", "RepeatingForms"]}
        used |= {"longitudinal-metadata.csv", "longitudinal-project-info.csv", "repeatable-survey-forms-events.csv"}
        used |= {f"basic-demography-import{number}.csv" for number in ["", "2", "3", "4", "5"]}
        used |= {"longitudinal-data-import.csv", "longitudinal-data-import-2.csv", "repeating-forms-import.csv"}
        if server.real("LICENSE") is not None:
            self.assertEqual({file.name for file in server.REAL.iterdir()} - {"LICENSE"}, used)

    def test_metadata_and_settings_match_column_by_column(self):
        project = self.project("LongitudinalData")
        theirs, ours = table(server.real("longitudinal-metadata.csv")), table(project.export_metadata(format_type="csv"))
        self.assertEqual(ours[0], theirs[0])
        for mine, wanted in zip(ours, theirs, strict=True):
            self.assertEqual(mine, wanted)
        theirs = next(csv.DictReader(io.StringIO(server.real("longitudinal-project-info.csv"))))
        ours = next(csv.DictReader(io.StringIO(project.export_project_info(format_type="csv"))))
        # Ids and times are another server's; the title is that of another copy of the project.
        for column in set(theirs) - {"project_id", "creation_time", "production_time", "project_title"}:
            self.assertEqual((column, ours[column]), (column, theirs[column]))
        shared = [column for column in ours if column in theirs]
        self.assertEqual(shared, list(theirs), "the columns come in the same order")

    def test_repeating_forms_match(self):
        project = self.project("RepeatableSurvey")
        ours = project.export_repeating_instruments_events(format_type="csv")
        self.assertEqual(table(ours), table(server.real("repeatable-survey-forms-events.csv")))

    def same_after_import(self, project, name, date_format, dates=()):
        """The file goes in, and the same cells come out: dates in ISO form, the rest as it was."""
        text = server.real(name)
        rows = list(csv.DictReader(io.StringIO(text)))
        id_field = project.def_field
        count = project.import_records(text, import_format="csv", date_format=date_format)
        self.assertEqual(count, {"count": len({row[id_field] for row in rows})})
        key = lambda row: tuple(str(row.get(c, "")) for c in (id_field, "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"))
        stored = {key(row): row for row in project.export_records(records=[row[id_field] for row in rows])}
        for row in rows:
            mine = stored[key(row)]
            for column, value in row.items():
                if column in ("redcap_repeat_instance", "redcap_data_access_group") or not value:
                    continue
                if column in dates and "/" in value:
                    month, day, year = value.split("/")
                    value = f"{year}-{int(month):02}-{int(day):02}"
                self.assertEqual((key(row), column, mine[column]), (key(row), column, value))

    def test_import_files_come_out_again(self):
        basic = self.project("BasicDemography")
        for number in ["", "2", "3", "4", "5"]:
            with self.subTest(f"basic{number}"):
                self.same_after_import(basic, f"basic-demography-import{number}.csv", "YMD")
        longitudinal = self.project("LongitudinalData")
        dates = [row["field_name"] for row in longitudinal.metadata if row["text_validation_type_or_show_slider_number"].startswith("date")]
        for name in ["longitudinal-data-import.csv", "longitudinal-data-import-2.csv"]:
            with self.subTest(name):
                self.same_after_import(longitudinal, name, "MDY", dates)
        repeating = self.project("RepeatingForms")
        if not repeating.export_project_info()["has_repeating_instruments_or_events"]:
            repeating.import_repeating_instruments_events([{"form_name": "weight", "custom_form_label": ""}])
        with self.subTest("repeating"):
            self.same_after_import(repeating, "repeating-forms-import.csv", "MDY", ["weight_date"])

    def test_groups_of_a_real_project(self):
        project = self.project("Dag")
        self.assertEqual([group["unique_group_name"] for group in project.export_dags()], ["group1", "group2"])

    def test_a_report_of_a_real_project(self):
        project = self.project("LongitudinalData")
        answer = server.call(project.token, content="report", report_id="1", format="json")
        rows = project.export_report(report_id="1")
        self.assertEqual(answer.json(), rows)
        self.assertEqual(list(rows[0])[:4], ["study_id", "redcap_event_name", "age", "ethnicity"])
        self.assertEqual({row["redcap_event_name"] for row in rows}, {"enrollment_arm_1", "enrollment_arm_2"})
        label = table(project.export_report(report_id="1", format_type="csv", raw_or_label="label", raw_or_label_headers="label"))
        self.assertEqual(label[0][:3], ["Study ID", "Event Name", "Age (years)"])


if __name__ == "__main__":
    unittest.main()
