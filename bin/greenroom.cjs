#!/usr/bin/env node
require('../dist/cli/greenroom.cjs');
