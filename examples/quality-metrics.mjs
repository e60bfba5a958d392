/**
 * Watches the answers of an application and writes what it sees as Prometheus text: what a scraper, or node_exporter's textfile
 * collector, reads. `node examples/quality-metrics.mjs [ROUTER.json]`: the answers are made up, and grow worse half-way.
 */
import { loadRouter, monitorQuality } from "surprisal/route";

const [, , file] = process.argv;
const artefact = file === undefined ? undefined : await loadRouter(file);

/** Numbers that are the same on every run. */
let state = 1;
const random = () => {
  state = (state * 16807) % 2147483647;
  return state / 2147483647;
};

const monitor = monitorQuality({
  artefact,
  window: 200,
  reference: artefact?.reference ?? Array.from({ length: 500 }, random),
  limits: [
    { rate: "missing", above: 0.02 },
    { rate: "path:long", above: 0.6 },
  ],
  onAlarm: ({ at, cause }) => console.error(`alarm after ${at} answers: ${cause}`),
});

// In an application: monitor.observe(...) after every answer of router.run.
for (let i = 0; i < 1000; i++) {
  const signal = i < 500 ? random() : 0.4 + 0.6 * random();
  const path = signal < 0.5 ? "short" : "long";
  monitor.observe({
    path,
    signal,
    correct: random() > signal / 4,
    tokens: path === "short" ? 3 : 40,
    ms: 100,
  });
}

process.stdout.write(prometheusText(monitor.reading()));

/** Text exposition format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */
function prometheusText({ observed, total, recent, tokens, ms, drift, alarms }) {
  const label = (value) => value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
  const metric = (name, type, help, samples) =>
    samples.length === 0
      ? []
      : [
          `# HELP surprisal_${name} ${help}`,
          `# TYPE surprisal_${name} ${type}`,
          ...samples.map(([labels, value]) => `surprisal_${name}${labels} ${value}`),
        ];
  const rates = (readings, value) =>
    Object.entries(readings).flatMap(([rate, reading]) =>
      value(reading) === null ? [] : [[`{rate="${label(rate)}"}`, value(reading)]],
    );
  const lines = [
    ...metric("answers_total", "counter", "Answers observed.", [["", observed]]),
    ...metric(
      "answers_hits_total",
      "counter",
      "Answers of each kind.",
      rates(total, ({ hits }) => hits),
    ),
    ...metric(
      "answers_known_total",
      "counter",
      "Answers of which it is known whether they are of that kind.",
      rates(total, ({ of }) => of),
    ),
    ...metric(
      "answers_recent_ratio",
      "gauge",
      "Share of the last answers, 0 to 1.",
      rates(recent, ({ rate }) => rate),
    ),
    ...metric(
      "answer_tokens",
      "gauge",
      "Mean tokens of the last answers.",
      tokens === null ? [] : [["", tokens]],
    ),
    ...metric(
      "answer_seconds",
      "gauge",
      "Mean time of the last answers.",
      ms === null ? [] : [["", ms / 1000]],
    ),
    ...metric(
      "drift_log_martingale",
      "gauge",
      "Evidence that the signals have changed, nats.",
      drift ? [["", drift.logMartingale]] : [],
    ),
    ...metric(
      "drifted",
      "gauge",
      "1 once the signals are no longer like the reference.",
      drift ? [["", Number(drift.drifted)]] : [],
    ),
    ...metric(
      "alarm",
      "gauge",
      "Alarms that hold now.",
      // Two limits of one rate are one series: a scraper refuses a text with the same labels twice.
      [...new Set(alarms.map(({ kind, rate = "signal" }) => `{kind="${kind}",rate="${label(rate)}"}`))].map(
        (labels) => [labels, 1],
      ),
    ),
  ];
  return `${lines.join("\n")}\n`;
}
