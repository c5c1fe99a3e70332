import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { page } from './page.js';

export function createApp() {
  return createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    if (path === '/healthz') return answer(response, 200, 'text/plain', 'ok\n');
    if (path === '/') return answer(response, 200, 'text/html; charset=utf-8', page);
    return answer(response, 404, 'text/plain', 'There is no such page.\n');
  });
}

function answer(response, status, type, body) {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
}

// Started as a program, not loaded by a test.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const app = createApp().listen(process.env.PORT ?? 8080);
  // Kubernetes asks a program to end this way; without it every stop takes half a minute.
  process.on('SIGTERM', () => app.close(() => process.exit(0)));
}
