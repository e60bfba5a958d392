import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DownloadServer } from "../../../test/download-server.ts";
import { needing } from "../../../test/needing.ts";
import { HttpClient } from "./http.ts";
import { readSettings } from "./settings.ts";

const OPENSSL = "openssl";
const hasOpenssl = spawnSync(OPENSSL, ["version"]).status === 0;
const clientFor = (environment: NodeJS.ProcessEnv) =>
  new HttpClient(readSettings({ cache: "unused", environment }));

/** A proxy as companies have them: it tunnels (CONNECT) and forwards, to those who know the password. */
async function startProxy(): Promise<{ server: Server; url: string; seen: string[] }> {
  const seen: string[] = [];
  const password = `Basic ${Buffer.from("user:pass word").toString("base64")}`;
  const server = createServer(async (request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (request.headers["proxy-authorization"] !== password) return void response.writeHead(407).end();
    const answer = await fetch(request.url ?? "");
    response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
  });
  server.on("connect", (request, client, head) => {
    seen.push(`CONNECT ${request.url}`);
    if (request.headers["proxy-authorization"] !== password)
      return void client.end("HTTP/1.1 407 No\r\n\r\n");
    const target = connect(Number(request.url?.split(":")[1]), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connected\r\n\r\n");
      target.write(head);
      target.pipe(client).pipe(target);
    });
    target.on("error", () => client.destroy());
    client.on("error", () => target.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://user:pass%20word@127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

needing(!hasOpenssl && "no openssl on the PATH").describe("a server with a company's own certificate", () => {
  let folder: string;
  let certificate: string;
  let server: DownloadServer;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  let home: NodeJS.ProcessEnv;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-"));
    home = { HOME: folder, PIP_CONFIG_FILE: join(folder, "none") };
    certificate = join(folder, "cert.pem");
    const key = join(folder, "key.pem");
    // biome-ignore format: one command line
    execFileSync(OPENSSL, ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], { stdio: "pipe" });
    server = await DownloadServer.start({
      key: readFileSync(key, "utf8"),
      cert: readFileSync(certificate, "utf8"),
    });
    server.files.set("/x", { body: Buffer.from("content") });
    proxy = await startProxy();
  });
  afterAll(async () => {
    await server?.close();
    proxy?.server.closeAllConnections();
    proxy?.server.close();
    rmSync(folder, { recursive: true });
  });

  const read = async (environment: NodeJS.ProcessEnv) => {
    const client = clientFor({ ...home, ...environment });
    return (await client.bytes(await client.request(new URL(`${server.origin}/x`)))).toString();
  };

  it("is refused while its authority is unknown, with the way out", async () => {
    await expect(read({})).rejects.toThrow(/^No trusted connection: .*\n.*NODE_EXTRA_CA_CERTS/s);
  });

  it.each(["PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])(
    "is trusted through %s",
    async (name) => {
      expect(await read({ [name]: certificate })).toBe("content");
    },
  );

  it("is trusted through pip's configuration", async () => {
    const file = join(folder, "pip.conf");
    writeFileSync(file, `[global]\ncert = ${certificate}\n`);
    expect(await read({ PIP_CONFIG_FILE: file })).toBe("content");
  });

  it("is refused, not crashed on, when the file of authorities is none", async () => {
    const file = join(folder, "broken.pem");
    writeFileSync(file, "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n");
    await expect(read({ PIP_CERT: file })).rejects.toThrow(/No trusted connection/);
    await expect(read({ PIP_CERT: join(folder, "missing.pem") })).rejects.toThrow(/No trusted connection/);
  });

  it("is reached through a proxy that wants a password", async () => {
    expect(await read({ SSL_CERT_FILE: certificate, HTTPS_PROXY: proxy.url })).toBe("content");
    expect(proxy.seen).toEqual([`CONNECT 127.0.0.1:${server.port}`]);
    const wrong = proxy.url.replace("user:", "other:");
    await expect(read({ SSL_CERT_FILE: certificate, HTTPS_PROXY: wrong })).rejects.toThrow(
      /^The proxy refused the connection with HTTP 407/,
    );
    await expect(read({ HTTPS_PROXY: proxy.url })).rejects.toThrow(/No trusted connection/);
    await expect(read({ HTTPS_PROXY: "http://127.0.0.1:1" })).rejects.toThrow(/not reachable/);
  });

  it("does not hand over to an unencrypted address", async () => {
    server.files.set("/down", { body: Buffer.alloc(0) });
    server.redirects.set("/down", "http://127.0.0.1:1/x");
    const client = clientFor({ ...home, SSL_CERT_FILE: certificate });
    await expect(client.request(new URL(`${server.origin}/down`))).rejects.toThrow(/unencrypted/);
  });
});

describe("proxies", () => {
  it("forward plain requests", async () => {
    const server = await DownloadServer.start();
    const proxy = await startProxy();
    try {
      server.files.set("/x", { body: Buffer.from("content") });
      const client = clientFor({ http_proxy: proxy.url });
      const answer = await client.request(new URL(`${server.origin}/x?a=b`));
      expect((await client.bytes(answer)).toString()).toBe("content");
      expect(proxy.seen).toEqual([`GET ${server.origin}/x?a=b`]);
    } finally {
      proxy.server.closeAllConnections();
      proxy.server.close();
      await server.close();
    }
  });
});
