/** Options as a caller may leave them out, and as whoever carries them out has them. */

/** Options with every default filled in: nothing is left out, and nothing is `undefined`. */
export type Resolved<Options> = { [Name in keyof Options]-?: Exclude<Options[Name], undefined> };

/** The defaults, and in their place what is given and not `undefined`. */
export function withDefaults<Defaults extends object>(
  defaults: Defaults,
  given: { readonly [Name in keyof Defaults]?: Defaults[Name] | undefined } | null | undefined,
): Defaults {
  const known = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(known) };
}
