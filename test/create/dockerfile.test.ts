import { describe, expect, test } from 'vitest';
import { guessFromDockerfile } from '../../lib/create/guess.ts';
import { loadPreview } from '../../lib/model/files.ts';
import fc from '../support/property.ts';

const guess = (text: string) => {
  const made = guessFromDockerfile(text, 'ghcr.io/acme/shop');
  const { port, user, health, template } = loadPreview(made.text, 'preview.yaml').value.spec;
  return { port, user, health, template, notes: made.notes };
};
const file = (...lines: string[]) => lines.join('\n');
const NODE = 'FROM node:24';

describe('the port', () => {
  test.each<[string, string, number]>([
    ['EXPOSE', file(NODE, 'EXPOSE 3000'), 3000],
    ['lower case and tabs', file('from node:24', 'expose\t3000'), 3000],
    ['another protocol beside it', file(NODE, 'EXPOSE 5353/udp 3000/TCP'), 3000],
    ['a range', file(NODE, 'EXPOSE 8000-8010'), 8000],
    ['several, of which root alone may have the first', file(NODE, 'EXPOSE 80 443 8443'), 8443],
    ['a debugger first', file(NODE, 'EXPOSE 9229', 'EXPOSE 3000'), 3000],
    ['ARG', file(NODE, 'ARG PORT=4000', 'EXPOSE $PORT'), 4000],
    ['ARG before FROM', file('ARG APP_PORT=4000', NODE, 'ARG APP_PORT', 'EXPOSE ${APP_PORT}'), 4000],
    ['ARG before FROM that the stage does not ask for', file('ARG P=4000', NODE, 'EXPOSE $P'), 8080],
    ['a default of its own', file(NODE, 'ARG PORT', 'EXPOSE ${PORT:-5000}'), 5000],
    ['ENV by ARG', file(NODE, 'ARG A=3100', 'ENV PORT=${A}', 'EXPOSE $PORT'), 3100],
    ['ENV of the older form', file(NODE, 'ENV PORT 3000'), 3000],
    ['ENV among others, quoted', file(NODE, `ENV A="b c" PORT='3000' D=e`), 3000],
    ['ENV that knows better than EXPOSE', file(NODE, 'ENV PORT=3000', 'EXPOSE 8080 3000'), 3000],
    ['HEALTHCHECK', file(NODE, 'HEALTHCHECK CMD curl -f http://localhost:3001/up'), 3001],
    ['HEALTHCHECK by a variable', file(NODE, 'ENV P=3002', 'HEALTHCHECK CMD wget -qO- http://localhost:$P/up'), 3002],
    ['the last stage', file(NODE, 'EXPOSE 1111', 'FROM scratch', 'EXPOSE 2222'), 2222],
    ['an earlier stage that the last one begins with', file(`${NODE} AS Base`, 'EXPOSE 3000', 'FROM base'), 3000],
    ['a stage that only lends files', file(`${NODE} AS b`, 'EXPOSE 3000', 'FROM scratch', 'COPY --from=b / /'), 8080],
    ['CRLF', 'FROM node:24\r\nENV A=b \\\r\n  PORT=3000\r\n', 3000],
    ['a byte order mark', '\uFEFFFROM node:24\nEXPOSE 3000\n', 3000],
    ['a comment between continued lines', file(NODE, 'ENV A=b \\', '# PORT=1', '  PORT=3000'), 3000],
    ['an empty line between continued lines', file(NODE, 'ENV A=b \\', '', '  PORT=3000'), 3000],
    ['a backtick that continues', file('# escape=`', NODE, 'ENV A=C:\\ `', '  PORT=3000'), 3000],
    ['a heredoc that looks like it', file(NODE, 'RUN <<EOF', 'EXPOSE 1234', 'EOF', 'EXPOSE 3000'), 3000],
    ['two heredocs', file(NODE, 'COPY <<A <<-"B" /x/', 'EXPOSE 1', 'A', 'EXPOSE 2', '\tB', 'EXPOSE 3000'), 3000],
    ['a heredoc without an end', file(NODE, 'RUN <<EOF', 'EXPOSE 3000'), 3000],
    ['a shift that is no heredoc', file(NODE, 'ENV A="1<<EOF"', 'EXPOSE 3000', 'EOF'), 3000],
    ['a command', file(NODE, 'CMD ["gunicorn", "-b", "0.0.0.0:5000", "app:app"]'), 5000],
    ['a command of a shell', file(NODE, 'CMD uvicorn app:app --host 0.0.0.0 --port 8001'), 8001],
    ['a command with "="', file(NODE, 'ENTRYPOINT ["java", "-jar", "a.jar", "--server.port=9000"]'), 9000],
    ['a command by a variable', file(NODE, 'ENV P=7000', 'CMD python -m http.server -p $P'), 7000],
    ['a command that knows better than EXPOSE', file(NODE, 'EXPOSE 8080', 'CMD flask run --port 5000'), 5000],
    ['a command of a base that is replaced', file(`${NODE} AS b`, 'CMD a --port 5000', 'FROM b', 'CMD c'), 8080],
    ['a command without one', file(NODE, 'CMD node server.js 12345 -p /run:9000'), 8080],
    ['nothing that can be read', file(NODE, 'EXPOSE $NOBODY', 'EXPOSE 99999', 'EXPOSE 0'), 8080],
    ['one that only root may have', file(NODE, 'EXPOSE 80'), 8080],
  ])('by %s', (_, text, port) => {
    expect(guess(text).port).toBe(port);
  });
});

test.each(['', '\0\u{fffd}', 'EXPOSE 3000', '# FROM node:24'])(
  'a file without FROM is said to tell nothing: %j',
  (text) => {
    expect(guess(text).notes).toContainEqual(expect.stringContaining('the Dockerfile has no FROM'));
  },
);

describe('the user', () => {
  test.each<[string, string, number | undefined]>([
    ['a number', file(NODE, 'USER 1001:1001'), undefined],
    ['a number by ARG', file(NODE, 'ARG UID=1001', 'USER ${UID}:${UID}'), undefined],
    ['none', NODE, 1000],
    ['a number in quotes', file(NODE, 'USER "1001:1001"'), undefined],
    ['root', file(NODE, 'USER root'), 1000],
    ['root by its number', file(NODE, 'USER 0:0'), 1000],
    ['root, then another', file(NODE, 'USER root', 'RUN true', 'USER 1001'), undefined],
    ['the name that the base brings', file(NODE, 'USER node'), 1000],
    ['nginx', file('FROM nginxinc/nginx-unprivileged:1.29', 'USER nginx'), 101],
    ['none, of a base with a number', 'FROM nginxinc/nginx-unprivileged:1.29', undefined],
    ['none, of distroless', 'FROM gcr.io/distroless/static-debian12:nonroot', undefined],
    ['a name of distroless', file('FROM gcr.io/distroless/base', 'USER nonroot:nonroot'), 65_532],
    ['.NET', file('FROM mcr.microsoft.com/dotnet/aspnet:10.0', 'USER $APP_UID'), 1654],
    ['a name by useradd', file(NODE, 'RUN groupadd -g 7 web && useradd -u 1234 -g web web', 'USER web'), 1234],
    ['a name by adduser', file('FROM alpine:3', 'RUN adduser -D -H --uid=1235 app', 'USER app'), 1235],
    ['a name by useradd of another', file(NODE, 'RUN useradd -u 1234 other', 'USER app'), 1000],
    ['a name of an earlier stage', file('FROM a AS b', 'RUN useradd -u 7000 app', 'USER app', 'FROM b'), 7000],
    ['a name, and useradd makes it root', file(NODE, 'RUN useradd -o -u 0 app', 'USER app'), 1000],
  ])('%s', (_, text, user) => {
    expect(guess(text).user).toBe(user);
  });
});

describe('the health check', () => {
  test.each<[string, string, unknown]>([
    ['curl', 'CMD curl -f http://localhost:8080/up || exit 1', '/up'],
    ['options before it', '--interval=5s --timeout=3s CMD curl -f http://127.0.0.1/up', '/up'],
    ['a list', 'CMD ["curl", "-f", "http://localhost:8080/api/health"]', '/api/health'],
    ['wget without a scheme', 'CMD wget --no-verbose --tries=1 --spider localhost:8080/healthz || exit 1', '/healthz'],
    ['no path', 'CMD curl -f http://localhost:8080', '/'],
    ['https', 'CMD curl -fk https://localhost:8443/live', '/live'],
    ['IPv6', 'CMD wget -qO- http://[::1]:8080/live', '/live'],
    ['a query', 'CMD curl -f "http://localhost:8080/up?full=1"', '/up'],
    ['a program', `CMD node -e "fetch('http://localhost:8080/ok').then(r => process.exit(r.ok ? 0 : 1))"`, '/ok'],
    ['a variable nobody knows', 'CMD curl http://localhost:$WHO/up', '/up'],
    ['another host', 'CMD curl -f http://example.com/up', '/'],
    ['no HTTP', 'CMD pg_isready', '/'],
    ['NONE', 'NONE', '/'],
    ['a connection', 'CMD nc -z localhost 8080', { tcp: true }],
  ])('by %s', (_, check, health) => {
    const found = guess(file(NODE, 'EXPOSE 8080', 'USER 1000', `HEALTHCHECK ${check}`));
    expect([found.health, found.port]).toEqual([health, check.includes('8443') ? 8443 : 8080]);
  });

  test('of an earlier stage can be taken back', () => {
    const base = file(`${NODE} AS base`, 'HEALTHCHECK CMD curl http://localhost/up');
    expect(guess(file(base, 'FROM base')).health).toBe('/up');
    expect(guess(file(base, 'FROM base', 'HEALTHCHECK NONE')).health).toBe('/');
  });
});

describe('the kind', () => {
  test.each<[string, string, string]>([
    ['FROM nginxinc/nginx-unprivileged:1.29-alpine', 'static-site', ''],
    ['ARG BASE=caddy:2\nFROM --platform=$BUILDPLATFORM ${BASE}', 'static-site', 'needs a capability'],
    ['FROM nginx:1.29', 'static-site', 'starts as root'],
    ['FROM python:3.13-slim AS run', 'web-service', ''],
  ])('of %j', (text, template, warning) => {
    const found = guess(text);
    expect(found.template).toBe(template);
    expect(found.notes.join('\n')).toContain(warning);
  });
});

test('any text gives a preview.yaml that loads, at once', () => {
  const piece = fc.constantFrom(
    ...['FROM ', 'a AS b', 'b', '\n', '\r\n', ' \\', 'EXPOSE ', '80-90/tcp', '$', '${', '}', ':-', 'ARG A=', 'ENV '],
    ...[
      'PORT=',
      '3000',
      'USER ',
      'HEALTHCHECK ',
      'CMD curl http://localhost:',
      '/x',
      '<<EOF',
      'EOF',
      '"',
      "'",
      '#',
      '`',
    ],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      guess(pieces.join(''));
    }),
  );
  const started = performance.now();
  for (const long of ['ENV A='.repeat(40_000), `EXPOSE ${'$A '.repeat(60_000)}`, `RUN ${'useradd '.repeat(30_000)}`]) {
    guess(`FROM a\n${long}\nHEALTHCHECK CMD curl ${'localhost'.repeat(20_000)}`);
  }
  expect(performance.now() - started).toBeLessThan(2000);
});
