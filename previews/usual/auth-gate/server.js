const { createServer } = require('node:http');

// Who is there was asked by the gate: it names the person in a header.
createServer((request, response) => {
  response.end(`Hello ${request.headers['x-auth-request-user'] ?? 'somebody'}`);
}).listen(Number(process.env.PORT));
