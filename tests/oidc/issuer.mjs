// An issuer as they are: oidc-provider, and a browser that signs in there. Reads one JSON request a line, answers
// one line each; ends with its input.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { generateKeyPair, exportJWK } from "jose";
import { Provider } from "oidc-provider";

const AUDIENCE = "quorate";
const REDIRECT = "http://127.0.0.1/signed-in";
const ALGORITHMS = ["RS256", "ES256", "EdDSA"];
let handler;
let generation = 0;
let serves = true;
let asked = 0;
const server = createServer((request, response) => {
  if (request.url === "/jwks") asked += 1;
  if (!serves) return void request.socket.destroy();
  handler(request, response);
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const issuer = `http://127.0.0.1:${server.address().port}`;

// What the tokens of a client say besides.
const people = {};

async function turnKeysOver() {
  generation += 1;
  const keys = await Promise.all(ALGORITHMS.map(async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    return { ...(await exportJWK(privateKey)), alg, use: "sig", kid: `${alg}-${generation}` };
  }));
  const clients = ["ana", "ben", "eve", "bot"].map((client_id) => ({
    client_id, client_secret: "secret", grant_types: ["client_credentials"], redirect_uris: [], response_types: [],
  }));
  clients.push({
    client_id: AUDIENCE, client_secret: "of quorate", redirect_uris: [REDIRECT], grant_types: ["authorization_code"],
    application_type: "native",
  });
  const provider = new Provider(issuer, {
    clients,
    jwks: { keys },
    cookies: { keys: ["a key"] },
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    extraTokenClaims: (_, token) => people[token.clientId],
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: async (context) => {
      const grant = new context.oidc.provider.Grant({
        clientId: context.oidc.client.clientId, accountId: context.oidc.session.accountId,
      });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => {
          const [, audience, alg] = new URL(resource).pathname.split("/");
          return { scope: "", audience, accessTokenFormat: "jwt", jwt: { sign: { alg } } };
        },
      },
    },
  });
  const answer = provider.callback();
  handler = (request, response) => {
    if (!request.url.startsWith("/interaction/")) return answer(request, response);
    // Who signs in says so in a header: nobody types here.
    const login = { accountId: request.headers["x-account"] };
    return provider.interactionFinished(request, response, { login, consent: {} });
  };
}

async function token({ client, audience = AUDIENCE, alg = "RS256", said = {}, ago = 0 }) {
  people[client] = said;
  const now = Date.now;
  // A token of a while ago is one that has expired since.
  Date.now = () => now() - ago * 1000;
  try {
    const body = new URLSearchParams({
      grant_type: "client_credentials", client_id: client, client_secret: "secret",
      resource: `https://x/${audience}/${alg}`,
    });
    const response = await fetch(`${issuer}/token`, { method: "POST", body });
    const answer = await response.json();
    if (!answer.access_token) throw new Error(JSON.stringify(answer));
    return { token: answer.access_token };
  } finally {
    Date.now = now;
  }
}

// Signs in as a browser would, up to the address that the code is given to.
async function code({ account, challenge, said = {} }) {
  people[account] = said;
  const query = new URLSearchParams({
    client_id: AUDIENCE, response_type: "code", redirect_uri: REDIRECT, scope: "openid email profile",
    code_challenge: challenge, code_challenge_method: "S256",
    claims: JSON.stringify({ id_token: { email: null, email_verified: null, name: null } }),
  });
  const cookies = new Map();
  let url = `${issuer}/auth?${query}`;
  for (let hop = 0; hop < 10 && !url.startsWith(REDIRECT); hop += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { redirect: "manual", headers: { cookie, "x-account": account } });
    for (const set of response.headers.getSetCookie()) {
      const [name, ...value] = set.split(";")[0].split("=");
      cookies.set(name, value.join("="));
    }
    if (!response.headers.get("location")) throw new Error(`${response.status} ${await response.text()}`);
    url = new URL(response.headers.get("location"), url).href;
  }
  if (!url.includes("code=")) throw new Error(url);
  return { code: new URL(url).searchParams.get("code"), redirect_uri: REDIRECT };
}

const commands = {
  token,
  code,
  turn_keys_over: async () => (await turnKeysOver(), {}),
  serve: ({ on }) => ((serves = on), {}),
  asked: () => ({ asked }),
};

await turnKeysOver();
console.log(JSON.stringify({ issuer }));
for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...rest } = JSON.parse(line);
  const answer = await Promise.resolve(commands[command](rest)).catch((error) => ({ error: String(error) }));
  console.log(JSON.stringify(answer));
}
process.exit(0);
