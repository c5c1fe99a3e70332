import express from 'express';

const app = express();
app.get('/healthz', (_request, response) => response.send('ok'));
app.get('/', (_request, response) => response.send('Hello'));
app.listen(Number(process.env.PORT));
