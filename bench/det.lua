-- wrk's requests: one REDCap save each, every field that REDCap sends, no record id twice.
-- Arguments: a prefix that no other run has, the project's id, REDCap's address.
-- Ends with one line `BENCH requests seconds p50_us p99_us refused broken`.

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local function escape(text)
  return (text:gsub("[^%w%-_.]", function(c) return string.format("%%%02X", c:byte()) end))
end

function init(args)
  local prefix, project, base = args[1], args[2], args[3]
  count = 0
  headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
  before = "redcap_url=" .. escape(base)
    .. "&project_url=" .. escape(base .. "redcap_v14.9.1/index.php?pid=" .. project)
    .. "&project_id=" .. project .. "&username=jsmith&record=" .. prefix .. "-" .. number .. "-"
  after = "&redcap_event_name=week_1_arm_1&instrument=contact&redcap_data_access_group=site_north&contact_complete=2"
end

function request()
  count = count + 1
  return wrk.format("POST", nil, headers, before .. count .. after)
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("BENCH %d %.6f %.1f %.1f %d %d\n", summary.requests, summary.duration / 1e6,
    latency:percentile(50), latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout))
end
