import { DEPLOYMENT } from './runtime.ts';
import { defineTemplate } from './template.ts';

export const worker = defineTemplate({
  name: 'worker',
  summary: 'works in the background: listens on no port, has no URL',
  defaults: { port: null },
  runtime: () => DEPLOYMENT,
});
