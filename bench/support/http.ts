import { type Agent, type IncomingMessage, request } from "node:http";

/** Nothing for so long means that something is broken. */
const LIMIT_MS = 120_000;

export interface Call {
  readonly agent: Agent;
  readonly url: string;
  /** JSON text; without one it is a GET. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly text: string;
  readonly headers: IncomingMessage["headers"];
}

/** Reads the whole answer. Throws on a status of 400 or more. */
export async function send(call: Call): Promise<Answer> {
  const response = await open(call);
  let text = "";
  response.setEncoding("utf8");
  for await (const part of response) text += String(part);
  return { text, headers: response.headers };
}

export async function sendJson<Body>(call: Call): Promise<Body> {
  // The caller says what the server of this measurement answers.
  return JSON.parse((await send(call)).text) as Body;
}

export async function createThreads(agent: Agent, url: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    ids.push((await sendJson<{ thread_id: string }>({ agent, url: `${url}/threads`, body: "{}" })).thread_id);
  }
  return ids;
}

/** Resolves with the head of the answer; its body is the caller's to read or to destroy. */
export function open({ agent, url, body, headers = {} }: Call): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      agent,
      method: body === undefined ? "GET" : "POST",
      timeout: LIMIT_MS,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    });
    outgoing.on("response", (response) => {
      const { statusCode = 0 } = response;
      if (statusCode < 400) return resolve(response);
      response.destroy();
      reject(new Error(`${url} answered ${statusCode}`));
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`nothing came from ${url} in ${LIMIT_MS} ms`)));
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
