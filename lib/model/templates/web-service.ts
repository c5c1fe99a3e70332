import { DEPLOYMENT } from './runtime.ts';
import { defineTemplate } from './template.ts';

export const webService = defineTemplate({
  name: 'web-service',
  summary: 'a server that answers HTTP',
  runtime: () => DEPLOYMENT,
});
