import { useStream } from "langgraph-sdk-2/react";

import { type State, mountRunCentric } from "./run-centric.ts";

mountRunCentric((options) => useStream<State>(options));
