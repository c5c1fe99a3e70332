import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: Number(process.env.PORT) });
server.on('connection', (socket) => {
  socket.on('message', (text) => {
    for (const client of server.clients) client.send(String(text));
  });
});
