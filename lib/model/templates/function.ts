import { DEPLOYMENT, KNATIVE } from './runtime.ts';
import { defineTemplate } from './template.ts';

export const functionTemplate = defineTemplate({
  name: 'function',
  summary: 'runs only while somebody asks, where the platform has Knative; a server elsewhere',
  runtime: ({ knative }) => (knative ? KNATIVE : DEPLOYMENT),
});
