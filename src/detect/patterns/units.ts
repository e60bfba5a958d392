/** Units that numbers of technical texts are in, as they stand behind the digits: case tells them apart. */

/** [unit] its class and how many of the class's unit it is. */
const UNITS: ReadonlyMap<string, readonly [name: string, factor: number]> = new Map([
  ...group("bytes", { kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15 }),
  ...group("bytes", { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }),
  ...group("hertz", { Hz: 1, kHz: 1e3, MHz: 1e6, GHz: 1e9 }),
  ...group("bits per second", { bps: 1, kbps: 1e3, Kbps: 1e3, Mbps: 1e6, Gbps: 1e9 }),
  ...group("bits per second", { "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9 }),
  ...group("watts", { mW: 1e-3, W: 1, kW: 1e3, MW: 1e6, GW: 1e9 }),
  ...group("watt hours", { Wh: 1, kWh: 1e3, MWh: 1e6, GWh: 1e9, TWh: 1e12 }),
  ...group("joules", { kJ: 1, MJ: 1e3 }),
  ...group("calories", { kcal: 1 }),
  ...group("volts", { mV: 1e-3, V: 1, kV: 1e3 }),
  ...group("amperes", { mA: 1e-3, A: 1, mAh: 1e-3, Ah: 1 }),
  ...group("pascals", { Pa: 1, hPa: 100, kPa: 1e3, MPa: 1e6 }),
  ...group("mmHg", { mmHg: 1 }),
  ...group("moles per litre", { "mmol/L": 1e-3, "mmol/l": 1e-3, "mol/L": 1, "mol/l": 1 }),
  ...group("grams per litre", { "mg/L": 1e-3, "mg/l": 1e-3, "g/L": 1, "g/l": 1, "mg/dL": 1e-2, "g/dL": 10 }),
]);

function group(
  name: string,
  factors: Readonly<Record<string, number>>,
): (readonly [string, readonly [string, number]])[] {
  return Object.entries(factors).map(([unit, factor]) => [unit, [name, factor] as const]);
}

const UNIT = new RegExp(
  `^[\\s\\u00a0-]?(${[...UNITS.keys()].sort((a, b) => b.length - a.length).join("|")})(?![\\p{Script=Latin}\\p{N}/])`,
  "u",
);

/** The unit behind a number. @param behind the text there, a few dozen characters */
export function technicalUnit(behind: string): { name: string; factor: number; length: number } | null {
  const match = UNIT.exec(behind);
  const known = match && UNITS.get(match[1]!);
  return known ? { name: known[0], factor: known[1], length: match[0].length } : null;
}
