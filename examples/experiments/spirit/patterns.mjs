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

/** Three digits in a base up to nine become four in another, 12 steps. */
function conversion({ question, answer }) {
  const { digits, from, to } = /^What is (?<digits>\w+) \(base (?<from>\d+)\) in base (?<to>\d+)\?$/.exec(
    question,
  ).groups;
  if (digits.length !== 3 || answer.length !== 4 || from > 9 || to > 9) return null;
  const [p, q] = [Number(from), Number(to)];
  const [x, y, z] = [...digits].map(Number);
  const value = x * p * p + y * p + z;
  const divisions = [];
  for (let left = value; left > 0; left = Math.floor(left / q))
    divisions.push(`${left}/${q} = ${Math.floor(left / q)} remainder ${left % q}.`);
  return [
    `The digits are ${x}, ${y} and ${z}.`,
    `The number is ${x}*${p}^2 + ${y}*${p} + ${z}.`,
    `${p}^2 = ${p * p}.`,
    `${x}*${p * p} = ${x * p * p}.`,
    `${y}*${p} = ${y * p}.`,
    `${x * p * p} + ${y * p} + ${z} = ${value}.`,
    `Now divide by ${q}.`,
    ...divisions,
    `Remainders, last first: ${answer}.`,
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
    difficulties: [3, 4],
    write: conversion,
    steps: 12,
    most: 190,
  },
};

/**
 * Different problems with their chains, of one split: "train" for demonstrations, "valid" for calibration, "test" for questions.
 * @returns {{ question: string, answer: string, problem: object, steps: string[] }[]}
 */
export function chainsOf(name, { split, count, seed, difficulties = PATTERNS[name].difficulties }) {
  const { task, write } = PATTERNS[name];
  const chains = new Map();
  for (const problem of problems({ seed, split, tasks: [task], difficulties })) {
    const steps = write(problem);
    if (steps !== null && !chains.has(problem.question))
      chains.set(problem.question, { question: problem.question, answer: problem.answer, problem, steps });
    if (chains.size === count) break;
  }
  return [...chains.values()];
}
