/** Counting what a set of token sequences has in common. */

/** Each node is one token after those on the way to it. */
export type PrefixTree = Map<number, PrefixTree>;

/** Adds a sequence; returns how many of its tokens were not in the tree. */
export function grow(tree: PrefixTree, ids: ArrayLike<number>): number {
  let added = 0;
  let node = tree;
  for (let i = 0; i < ids.length; i++) {
    let next = node.get(ids[i]!);
    if (!next) {
      next = new Map();
      node.set(ids[i]!, next);
      added++;
    }
    node = next;
  }
  return added;
}
