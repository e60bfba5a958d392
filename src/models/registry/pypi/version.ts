/** Order of Python package versions (PEP 440), as far as choosing the newest wheel needs it. */

const VERSION =
  /^v?(?:(?<epoch>\d+)!)?(?<release>\d+(?:\.\d+)*)(?:[-_.]?(?<pre>a|b|c|rc|alpha|beta|pre|preview)[-_.]?(?<preNumber>\d*))?(?:(?:[-_.]?(?:post|rev|r)[-_.]?|-)(?<post>\d*))?(?:[-_.]?(?<dev>dev)[-_.]?(?<devNumber>\d*))?(?:\+[a-z0-9._-]+)?$/i;

const STAGES: Record<string, number> = {
  a: -3,
  alpha: -3,
  b: -2,
  beta: -2,
  c: -1,
  rc: -1,
  pre: -1,
  preview: -1,
};

interface ParsedVersion {
  release: number[];
  /** Epoch; after the release: stage, its number, post-release, development release. */
  epoch: number;
  rest: number[];
  preRelease: boolean;
}

/** < 0 when a is older than b, 0 when they are the same version ("1.0" and "1.0.0"), > 0 when newer. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  if (!left || !right) return left ? 1 : right ? -1 : a < b ? -1 : a > b ? 1 : 0;
  return (
    left.epoch - right.epoch ||
    compareNumbers(left.release, right.release) ||
    compareNumbers(left.rest, right.rest)
  );
}

/** Alpha, beta, release candidate or development release: chosen only when named, or when there is nothing else. */
export function isPreRelease(version: string): boolean {
  return parse(version)?.preRelease ?? true;
}

function parse(version: string): ParsedVersion | null {
  const groups = VERSION.exec(version)?.groups;
  if (!groups) return null;
  const { epoch = "0", release = "0", pre, preNumber = "0", post, dev, devNumber = "0" } = groups;
  // 1.0.dev1 < 1.0a1.dev1 < 1.0a1 < 1.0 < 1.0.post1
  const stage = pre ? STAGES[pre.toLowerCase()]! : dev && post === undefined ? -4 : 0;
  const rest = [
    stage,
    Number(preNumber),
    post === undefined ? -1 : Number(post),
    dev ? Number(devNumber) : Number.MAX_VALUE,
  ];
  return {
    epoch: Number(epoch),
    release: release.split(".").map(Number),
    rest,
    preRelease: Boolean(pre ?? dev),
  };
}

function compareNumbers(a: number[], b: number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
