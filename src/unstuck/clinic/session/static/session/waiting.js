/** What waits on this device, as events of the visit: alarms and clocks count it before the server has it. */

const MINUTE = 60_000;
const READING = /_(mmhg|min|percent|kg)$|^moaas$/;

const said = (entry, name) => entry.fields[name]?.[0] ?? "";
const number = (text) => (text.trim() === "" ? NaN : Number(text.trim().replace(",", ".")));

/** When a waiting form's observation was made, in milliseconds of the device's clock. */
export function observedAt(entry) {
  const ago = number(said(entry, "minutes_ago_typed") || said(entry, "minutes_ago") || "0");
  return Date.parse(entry.observed_at) - (Number.isFinite(ago) ? ago : 0) * MINUTE;
}

const MAKERS = {
  readings: (entry) =>
    Object.keys(entry.fields)
      .filter((name) => READING.test(name) && Number.isFinite(number(said(entry, name))))
      .map((name) => ({ kind: "read", name, value: number(said(entry, name)) })),
  rated: (entry) => [{ kind: "rated", name: said(entry, "instrument") }],
  alarm: (entry) => [{ kind: "answer", alarm: said(entry, "alarm"), answer: said(entry, "answer"), by: entry.who }],
  flow: (entry, units) => {
    const rate = number(said(entry, "rate_ml_per_h"));
    return [{ kind: "flow", flow: said(entry, "flow"), share_per_min: Number.isFinite(rate) && units ? rate / 60 / units : null }];
  },
  part: (entry, units) => [{ kind: "part", share: units ? number(said(entry, "units")) / units : 0 }],
  call: (entry) => [{ kind: "called", call: said(entry, "call"), by: said(entry, "by") }],
  came: (entry) => [{ kind: "came", call: said(entry, "call"), who: said(entry, "who") }],
  measure: (entry) => [{ kind: "measure", measure: said(entry, "measure") }],
  emergency: (entry) => [
    ...(said(entry, "stops") === "yes" ? [{ kind: "flow", flow: "stopped", share_per_min: null }] : []),
    { kind: "called", call: "emergency", by: "staff" },
  ],
};

/** The events that a waiting entry stands for. `toServer` turns a moment of this device into one of the server. */
export function eventsOf(entry, units, toServer) {
  const at = toServer(observedAt(entry));
  return (MAKERS[said(entry, "kind")] ?? (() => [{ kind: "other" }]))(entry, units).map((event) => ({ at, ...event }));
}
