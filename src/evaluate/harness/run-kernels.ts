/** A run goes on with the kernels it began with: those of other ones would be mixed into its totals. */
import { SurprisalError } from "../../core/index.ts";
import {
  cpuBuildOf,
  kernelsNote,
  kernelsOf,
  loadLlamaLibrary,
  type ModelIdentity,
  type ResolveOptions,
} from "../../models/index.ts";
import type { Run, RunModel } from "../runs/index.ts";

/** How the models of a run that was broken off are loaded: with its build of the CPU code, where that is here. */
export function loadAsBegun(run: Run, load: ResolveOptions = {}): ResolveOptions {
  const settings = run.models.flatMap((model) => (model ? [model.settings] : []));
  const begun = settings.find((each) => cpuBuildOf(each) !== null);
  if (!begun) return load;
  const { kernels: _, ...others } = load;
  const cpuBuild = cpuBuildOf(begun)!;
  try {
    loadLlamaLibrary({ cpuBuild });
    return { ...others, cpuBuild };
  } catch (error) {
    if (!SurprisalError.isInstance(error) || !error.code.startsWith("KERNELS_")) throw error;
    return load; // what is here is compared with what was there
  }
}

/**
 * @returns what a person should know about going on; `null`: nothing.
 * @throws SurprisalError RUN_MISMATCH
 */
export function assertSameKernels(
  before: RunModel,
  settings: RunModel["settings"],
  identity: ModelIdentity,
  folder: string | undefined,
): string | null {
  const [was, is] = [kernelsOf(before.settings), kernelsOf(settings)];
  if (kernelsNote(before, { identity, settings }) !== null)
    throw new SurprisalError({
      code: "RUN_MISMATCH",
      what: `The run cannot go on with other kernels: ${identity.name} was begun with ${was} (${before.settings.device}), and here it has ${is} (${settings.device}), which gives quantised weights other digits`,
      where: folder,
      wayOut: `Go on where there are ${was} kernels, or start another run: with --kernels portable or SURPRISAL_CPU_BUILD=haswell it can be gone on with on other machines, with --exact on all.`,
    });
  if (was === null && is !== null)
    return `The run does not say which kernels ${identity.name} was begun with; it goes on with ${is}.`;
  return null;
}
