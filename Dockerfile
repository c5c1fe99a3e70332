# `greenroom serve` (docs/serve.md): Node.js, the command as one file, and nothing else: no shell, no package manager, no
# git. An apps repo and pull requests on GitHub need none.
FROM --platform=$BUILDPLATFORM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/build.mjs

FROM gcr.io/distroless/nodejs24-debian13:nonroot
WORKDIR /greenroom
COPY --from=build /src/package.json /src/LICENSE ./
COPY --from=build /src/bin bin
# Without the bytecode: it is of the processor that built it, and a receiver starts once.
COPY --from=build /src/dist/cli/greenroom.cjs dist/cli/
COPY --from=build /src/dist/NOTICES.txt dist/
ENV NODE_ENV=production
# A number: Kubernetes cannot tell whether a name is root.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/nodejs/bin/node", "/greenroom/bin/greenroom.cjs"]
CMD ["--help"]
