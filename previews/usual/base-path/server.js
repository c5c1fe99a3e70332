const { createServer } = require('node:http');

const { pathname } = new URL(process.env.BASE_URL);
createServer((request, response) => {
  const isBelow = request.url === pathname || request.url.startsWith(`${pathname}/`);
  response.writeHead(isBelow ? 200 : 404, { 'content-type': 'text/html' });
  response.end(isBelow ? `<base href="${pathname}/"><h1>Docs</h1>` : 'not found');
}).listen(Number(process.env.PORT));
