/** Services that are named instead of addressed. */
import { invalidArgument } from "../../core/index.ts";
import type { DialectName } from "./dialects.ts";

export interface Provider {
  /** Where its API is; `null`: in an environment variable (Azure). */
  address: string | null;
  /** Environment variable with its key. */
  keyVariable: string;
  dialect: DialectName;
  keyHeader?: string | undefined;
}

/** Every name here is the beginning of a model reference: `openai:gpt-4.1`. */
export const PROVIDERS: Readonly<Record<string, Provider>> = {
  openai: { address: "https://api.openai.com/v1", keyVariable: "OPENAI_API_KEY", dialect: "openai" },
  azure: { address: null, keyVariable: "AZURE_OPENAI_API_KEY", dialect: "azure", keyHeader: "api-key" },
  deepseek: { address: "https://api.deepseek.com/v1", keyVariable: "DEEPSEEK_API_KEY", dialect: "deepseek" },
  openrouter: {
    address: "https://openrouter.ai/api/v1",
    keyVariable: "OPENROUTER_API_KEY",
    dialect: "openrouter",
  },
  xai: { address: "https://api.x.ai/v1", keyVariable: "XAI_API_KEY", dialect: "xai" },
};

/** Azure has an address per customer. */
const AZURE_ENDPOINT = "AZURE_OPENAI_ENDPOINT";
const AZURE_HOST = /\.(openai|cognitiveservices|services\.ai)\.azure\.com$/;

/**
 * The address behind a provider's name.
 * @throws SurprisalError INVALID_ARGUMENT when it is in the environment and not set there.
 */
export function providerAddress(provider: Provider, environment: NodeJS.ProcessEnv = process.env): string {
  if (provider.address !== null) return provider.address;
  const endpoint = environment[AZURE_ENDPOINT];
  if (endpoint && URL.canParse(endpoint)) return new URL("openai/v1", endpoint.replace(/\/?$/, "/")).href;
  throw invalidArgument(
    "Azure has an address for each customer, and it is not set",
    AZURE_ENDPOINT,
    `Set ${AZURE_ENDPOINT}=https://NAME.openai.azure.com.`,
  );
}

/** A provider's key belongs to its own address; every other server has SURPRISAL_API_KEY. */
export function keyVariableOf(url: URL): { variable: string; header: string } {
  const provider = Object.values(PROVIDERS).find(({ address }) =>
    address === null
      ? url.protocol === "https:" && AZURE_HOST.test(url.hostname)
      : new URL(address).origin === url.origin,
  );
  return {
    variable: provider?.keyVariable ?? "SURPRISAL_API_KEY",
    header: provider?.keyHeader ?? "authorization",
  };
}
