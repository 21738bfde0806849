// oidc-provider (certified, MIT) dressed as a Keycloak realm: its paths, its claims, RS256.
// node provider.mjs PORT ORGANIZATION
import { createServer } from 'node:http';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port, organization] = process.argv.slice(2);
const prefix = '/realms/intake';
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };
const openid = '/protocol/openid-connect';

const provider = new Provider(`http://127.0.0.1:${port}${prefix}`, {
  jwks: { keys: [key] },
  clients: [{
    client_id: 'intake-portal',
    token_endpoint_auth_method: 'none',
    redirect_uris: ['http://127.0.0.1:3000/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    application_type: 'native',
  }],
  routes: { authorization: `${openid}/auth`, token: `${openid}/token`, jwks: `${openid}/certs` },
  cookies: { keys: [randomUUID()] },
  scopes: ['openid', 'offline_access', 'organization'],
  issueRefreshToken: () => true,
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  features: {
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:intake',
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'openid organization',
        audience: 'account',
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  // Only what Keycloak adds to the claims that every issuer writes.
  extraTokenClaims: (_, token) => ({
    typ: 'Bearer',
    azp: token.clientId,
    email: `${token.accountId}@northwind.example`,
    email_verified: true,
    name: 'Ada Martin',
    groups: ['/staff'],
    realm_access: { roles: ['default-roles-intake'] },
    ...(organization ? { organization: { [organization]: {} } } : {}),
  }),
});

const answer = provider.callback();
createServer((request, response) => {
  request.originalUrl = request.url;
  request.url = request.url.slice(prefix.length) || '/';
  answer(request, response);
}).listen(Number(port), '127.0.0.1', () => console.log('ready'));
