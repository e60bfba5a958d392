/** A server on this machine that answers as it is told, byte by byte; it counts its connections. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request, its body read. */
export interface RawRequest {
  path: string;
  body: Record<string, unknown>;
}

export interface RawServer {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  readonly requests: RawRequest[];
  /** Connections that were made. */
  readonly connections: number;
  close(): void;
}

export async function startRawServer(
  answer: (request: RawRequest, response: ServerResponse) => unknown,
  keep = true,
): Promise<RawServer> {
  const requests: RawRequest[] = [];
  let connections = 0;
  const http = createServer(async (incoming: IncomingMessage, response: ServerResponse) => {
    let text = "";
    for await (const bytes of incoming.setEncoding("utf8")) text += bytes;
    const request = {
      path: incoming.url!,
      body: text === "" ? {} : (JSON.parse(text) as RawRequest["body"]),
    };
    if (keep) requests.push(request);
    await answer(request, response);
  });
  http.on("connection", () => connections++);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    origin: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    requests,
    get connections() {
      return connections;
    },
    close() {
      http.closeAllConnections();
      http.close();
    },
  };
}

/** Events as a stream has them; what is no object stays as it is. */
export function events(...values: readonly unknown[]): string {
  return values
    .map((value) => (typeof value === "string" ? value : `data: ${JSON.stringify(value)}\n\n`))
    .join("");
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

export const EVENT_STREAM = { "content-type": "text/event-stream" };
