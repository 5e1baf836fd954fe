// An EHR made of a third-party OpenID Connect provider and of a FHIR server behind it, which answers its tokens only.
//
// Reads one line of JSON: `fhir`, the FHIR server behind; `redirect`, where codes are sent; `patients` by the launch
// that opens them; `chosen`, the patient of whoever comes alone; `keys`, public keys of the client; `scopes` that can be
// granted. Writes `serving URL` and serves until its input ends.
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

const lines = createInterface({ input: process.stdin });
lines.on("close", () => process.exit(0));
const told = JSON.parse((await once(lines, "line"))[0]);

const server = createServer();
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const root = `http://127.0.0.1:${server.address().port}`;

const common = {
  redirect_uris: [told.redirect],
  grant_types: ["authorization_code"],
  response_types: ["code"],
  scope: told.scopes.join(" "),
};
const secret = "a-secret-of-the-tests-that-is-long-enough";
const provider = new Provider(root, {
  clients: [
    { ...common, client_id: "public", token_endpoint_auth_method: "none" },
    { ...common, client_id: "basic", client_secret: secret, token_endpoint_auth_method: "client_secret_basic" },
    { ...common, client_id: "form", client_secret: secret, token_endpoint_auth_method: "client_secret_post" },
    {
      ...common,
      client_id: "key",
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "ES384",
      jwks: { keys: told.keys },
    },
  ],
  scopes: told.scopes,
  claims: { openid: ["sub"], fhirUser: ["fhirUser"] },
  conformIdTokenClaims: false,
  extraParams: ["aud", "launch"],
  enabledJWA: { clientAuthSigningAlgValues: ["ES384"] },
  cookies: { keys: ["a key of the tests"] },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, fhirUser: `${root}/fhir/Practitioner/${sub}` }),
  }),
});

// SMART's own part of a token answer: the patient of the launch
const opened = new Map();
provider.on("authorization.success", (context, answer) => opened.set(answer.code, context.oidc.params.launch));
provider.use(async (context, next) => {
  await next();
  if (context.oidc?.route === "token" && context.body?.access_token) {
    context.body.patient = told.patients[opened.get(context.oidc.params.code)] ?? told.chosen;
  }
});

const configuration = {
  issuer: root,
  jwks_uri: `${root}/jwks`,
  authorization_endpoint: `${root}/auth`,
  token_endpoint: `${root}/token`,
  grant_types_supported: ["authorization_code"],
  code_challenge_methods_supported: ["S256"],
  capabilities: ["launch-ehr", "launch-standalone", "client-public", "client-confidential-symmetric",
    "client-confidential-asymmetric", "context-ehr-patient", "context-standalone-patient", "permission-v2"],
};

async function fhir(request, response) {
  const path = request.url.slice("/fhir".length);
  if (path === "/.well-known/smart-configuration") {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(configuration));
    return;
  }
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? "");
  const token = bearer && (await provider.AccessToken.find(bearer[1]));
  const type = path.slice(1).split(/[/?]/)[0];
  if (!token || ![...token.scopes].some((scope) => scope.startsWith(`patient/${type}.`))) {
    response.writeHead(token ? 403 : 401).end();
    return;
  }
  const asked = await fetch(told.fhir + path, { headers: { accept: "application/fhir+json" } });
  const body = (await asked.text()).replaceAll(told.fhir, `${root}/fhir`);
  response.writeHead(asked.status, { "content-type": "application/fhir+json" }).end(body);
}

const sign = provider.callback();
server.on("request", (request, response) => {
  if (!request.url.startsWith("/fhir/")) return sign(request, response);
  return fhir(request, response).catch((error) => response.writeHead(502).end(String(error)));
});
console.log(`serving ${root}`);
