/** The bets of the simple jumper, on p-values that are uniform while nothing changes. */

/** On high p-values, on none, on low ones. */
const BETS = [-1, 0, 1];

/**
 * A betting martingale that starts with 1: capital is shared among three bettors, who multiply theirs by 1 + ε(p - 1/2); after
 * each p-value a small share of all changes sides, so that a change in the other direction is seen too. For uniform
 * independent p-values nobody can expect to win.
 * Source: Vovk et al. 2021, "Retrain or not retrain: Conformal test martingales for change-point detection", algorithm 1.
 */
export class SimpleJumper {
  readonly #jump: number;
  #shares: number[] = BETS.map(() => 1 / BETS.length); // of the capital, Σ = 1
  #log = 0;

  /** @param jump share that changes sides at every step. */
  constructor(jump: number) {
    this.#jump = jump;
  }

  /** Bets on a p-value in 0 ... 1. @returns ln of the capital after it. */
  next(pValue: number): number {
    const grown = this.#shares.map((share, i) => {
      const mixed = (1 - this.#jump) * share + this.#jump / BETS.length;
      return mixed * (1 + BETS[i]! * (pValue - 0.5));
    });
    const factor = grown.reduce((sum, share) => sum + share, 0);
    this.#shares = grown.map((share) => share / factor);
    this.#log += Math.log(factor);
    return this.#log;
  }
}
