/** Aligned chains of two tasks: step j of each does the same, as SPIRIT-FS asks of demonstrations. */
import { problems } from "surprisal/problems";

/** Of a problem's question and answer: the sides of its equation, or its digits; `null` where a problem does not have this form. */
const EQUATION = /^Solve (?<left>.*?) = (?<right>.*?) for (?<x>[a-z])\.$/;

/** ax + b = c in any order of its terms and sides, 7 steps. */
function equation({ question, answer }) {
  const { left, right, x } = EQUATION.exec(question).groups;
  const isLeft = left.includes(x);
  const [side, other] = isLeft ? [left, right] : [right, left];
  const [factor, constant] = factorAndConstant(side, x);
  if (other.includes(x) || factor === 1 || constant === 0 || answer === "0") return null;
  const sum = Number(other) - constant;
  const moved = `${other} ${constant < 0 ? "+" : "-"} ${Math.abs(constant)}`;
  return [
    `The equation is ${left} = ${right}.`,
    `Move the constant: ${factor}*${x} = ${moved}.`,
    `${moved} = ${sum}.`,
    `So ${factor}*${x} = ${sum}.`,
    `Divide by ${factor}: ${x} = ${sum}/${factor}.`,
    `${sum}/${factor} = ${answer}.`,
    `Check: ${side.replace(x, Number(answer) < 0 ? `(${answer})` : answer)} = ${other}.`,
  ];
}

/** "-5*s - 73" as [-5, -73]: at most one term in the letter and one constant. */
function factorAndConstant(side, letter) {
  const found = [0, 0];
  for (const [, sign, size, variable] of side.replaceAll(" ", "").matchAll(/([+-]?)(\d+)(\*[a-z])?/g))
    found[variable === `*${letter}` ? 0 : 1] += Number(`${sign}${size}`);
  return found;
}

/** Three digits in a base up to nine, in base ten, 7 steps. */
function conversion({ question, answer }) {
  const { digits, from, to } = /^What is (?<digits>\w+) \(base (?<from>\d+)\) in base (?<to>\d+)\?$/.exec(
    question,
  ).groups;
  if (digits.length !== 3 || to !== "10" || from > 9) return null;
  const base = Number(from);
  const [x, y, z] = [...digits].map(Number);
  const square = base ** 2;
  return [
    `The digits are ${x}, ${y} and ${z}.`,
    `The number is ${x}*${base}^2 + ${y}*${base} + ${z}.`,
    `${base}^2 = ${square}.`,
    `${x}*${square} = ${x * square}.`,
    `${y}*${base} = ${y * base}.`,
    `${x * square} + ${y * base} + ${z} = ${answer}.`,
    `Check: ${answer}/${base} = ${Math.floor(Number(answer) / base)} remainder ${z}.`,
  ];
}

/** The two tasks: where their problems are drawn, how a chain is written, and how much a model may write. */
export const PATTERNS = {
  equations: {
    title: "Algebra-Linear-1d",
    task: "algebra_linear_1d",
    difficulties: [2],
    write: equation,
    steps: 7,
    most: 140,
  },
  bases: {
    title: "Number-Base-Conversion",
    task: "base_conversion",
    difficulties: [4],
    write: conversion,
    steps: 7,
    most: 120,
  },
};

/** So many problems in a row without a new one that has the form: there are no more. */
const EXHAUSTED = 20_000;

/**
 * Different problems with their chains, of one split: "train" for demonstrations, "valid" for calibration, "test" for questions. Fewer than
 * `count` where the split has no more.
 * @returns {{ question: string, answer: string, problem: object, steps: string[] }[]}
 */
export function chainsOf(name, { split, count, seed, difficulties = PATTERNS[name].difficulties }) {
  const { task, write } = PATTERNS[name];
  const chains = new Map();
  let since = 0;
  for (const problem of problems({ seed, split, tasks: [task], difficulties })) {
    const steps = write(problem);
    if (steps !== null && !chains.has(problem.question)) {
      chains.set(problem.question, { question: problem.question, answer: problem.answer, problem, steps });
      since = 0;
    }
    if (chains.size === count || ++since === EXHAUSTED) break;
  }
  return [...chains.values()];
}

/** Questions of the test split; where it has too few of the form, those of the train split behind the demonstrations follow. */
export function questionsOf(name, { count, demonstrations, ...rest }) {
  const test = chainsOf(name, { ...rest, split: "test", count });
  if (test.length === count) return test;
  const train = chainsOf(name, { ...rest, split: "train", count: count - test.length + demonstrations });
  return [...test, ...train.slice(demonstrations)];
}
