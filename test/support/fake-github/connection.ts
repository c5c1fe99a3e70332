export interface Page {
  readonly first?: number;
  readonly after?: string;
}

export function connection<T>(items: readonly T[], { first = 100, after }: Page, node: (item: T) => unknown) {
  const start = after === undefined || after === null ? 0 : Number(after);
  const end = Math.min(items.length, start + first);
  return {
    totalCount: items.length,
    nodes: () => items.slice(start, end).map(node),
    pageInfo: {
      hasNextPage: end < items.length,
      endCursor: String(end),
      hasPreviousPage: start > 0,
      startCursor: String(start),
    },
  };
}
