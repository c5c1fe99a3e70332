// Acme's own rules: plain data, so that nothing has to be installed beside this file.
export const rules = [
  {
    id: 'acme-no-cookie-domain',
    title: 'No cookie domains in ConfigMaps',
    message: 'A ConfigMap sets a cookie domain: remove COOKIE_DOMAIN, or ask {contact}.',
    source: 'Acme web guidelines, 4.2',
    why: 'Cookies for the whole domain reach every other preview.',
    match: [{ group: '', kind: 'ConfigMap', resource: 'configmaps' }],
    conditions: [
      { cel: '!has(object.data) || !("COOKIE_DOMAIN" in object.data)', field: 'data.COOKIE_DOMAIN', fix: 'remove' },
    ],
    examples: { good: 'data: { LOG_LEVEL: debug }', bad: 'data: { COOKIE_DOMAIN: apps.example.com }' },
  },
];
