const { createServer } = require('node:http');

// `main.js import --into=URL` is the job of k8s/import.yaml; without a word it is the server.
const [task, into] = process.argv.slice(2);
if (task === 'import') {
  console.log(`imported into ${into.replace('--into=', '')}`);
} else {
  createServer((_request, response) => response.end(`orders by way of ${process.env.QUEUE_URL}`)).listen(
    Number(process.env.PORT),
  );
}
