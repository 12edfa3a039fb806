import { describe, expect, it } from "vitest";

import { finestUnit, nextTime, parseTime, truncateTime } from "../../../engine/data/time.ts";

const iso = (seconds: number | undefined): string | undefined =>
  seconds === undefined ? undefined : new Date(seconds * 1_000).toISOString().replace(".000Z", "");

describe("parseTime", () => {
  it.each([
    ["2024-01-31", "2024-01-31T00:00:00"],
    ["2024-1-5", "2024-01-05T00:00:00"],
    ["2024/01/31", "2024-01-31T00:00:00"],
    ["01/31/2024", "2024-01-31T00:00:00"],
    ["31.01.2024", "2024-01-31T00:00:00"],
    ["20240131", "2024-01-31T00:00:00"],
    ["2024-02", "2024-02-01T00:00:00"],
    ["2024", "2024-01-01T00:00:00"],
    ["Jan 31, 2024", "2024-01-31T00:00:00"],
    ["January 31 2024", "2024-01-31T00:00:00"],
    ["31 January 2024", "2024-01-31T00:00:00"],
    ["31-Jan-2024", "2024-01-31T00:00:00"],
    ["3rd March 2024", "2024-03-03T00:00:00"],
    ["2024-01-31T08:09:10", "2024-01-31T08:09:10"],
    ["2024-01-31 08:09", "2024-01-31T08:09:00"],
    ["2024-01-31T08:09:10.250Z", "2024-01-31T08:09:10"],
    ["2024-01-31T08:09:10+02:00", "2024-01-31T06:09:10"],
    ["2024-01-31 08:09:10 -0130", "2024-01-31T09:39:10"],
    ["2024-01-31 12:05 AM", "2024-01-31T00:05:00"],
    ["Jan 31, 2024 3:05 pm", "2024-01-31T15:05:00"],
    ["2024-02-29", "2024-02-29T00:00:00"],
    ["0099-01-01", "0099-01-01T00:00:00"],
    [" 2024-01-31 ", "2024-01-31T00:00:00"],
  ])("reads %s", (text, expected) => {
    expect(iso(parseTime(text))).toBe(expected);
  });

  it.each([
    "",
    "soon",
    "2023-02-29",
    "2024-13-01",
    "2024-01-31T25:00",
    "2024-01-31 10:75",
    "Foo 3, 2024",
    "13:00 pm",
    "12",
  ])("refuses %s", (text) => {
    expect(parseTime(text)).toBeUndefined();
  });
});

describe("truncateTime and nextTime", () => {
  const time = parseTime("2024-03-15T14:35:46") ?? 0;

  it.each([
    ["Y", "2024-01-01T00:00:00", "2025-01-01T00:00:00"],
    ["M", "2024-03-01T00:00:00", "2024-04-01T00:00:00"],
    ["D", "2024-03-15T00:00:00", "2024-03-16T00:00:00"],
    ["h", "2024-03-15T14:00:00", "2024-03-15T15:00:00"],
    ["m", "2024-03-15T14:35:00", "2024-03-15T14:36:00"],
    ["s", "2024-03-15T14:35:46", "2024-03-15T14:35:47"],
  ] as const)("give the unit %s around a time", (unit, start, next) => {
    expect([iso(truncateTime(time, unit)), iso(nextTime(time, unit))]).toEqual([start, next]);
  });

  it("cut times before 1970 downwards", () => {
    expect(iso(truncateTime(parseTime("1969-12-31T23:00") ?? 0, "D"))).toBe("1969-12-31T00:00:00");
  });
});

describe("finestUnit", () => {
  it.each([
    ["%Y-%m-%dT%H:%M:%S", "s"],
    ["%H:%M", "m"],
    ["%I %p", "h"],
    ["%d/%m/%y", "D"],
    ["%b %Y", "M"],
    ["%Y", "Y"],
  ])("of %s is %s", (format, unit) => {
    expect(finestUnit(format)).toBe(unit);
  });
});
