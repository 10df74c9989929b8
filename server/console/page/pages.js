// All pages.

import { page as overview } from "./overview.js";
import { page as gallery } from "./gallery.js";
import { page as who } from "./who.js";
import { page as enrol } from "./enrol.js";
import { page as duplicates } from "./duplicates.js";
import { page as keys } from "./keys.js";
import { page as tour } from "./tour.js";
import { page as evaluation } from "./evaluation.js";
import { page as searches } from "./searches.js";
import { page as policy } from "./policy.js";
import { queue as reviews, one as review } from "./reviews.js";
import { page as importing } from "./import.js";
import { list as imports, page as oneImport } from "./imports.js";
import { list as jobs, page as oneJob } from "./jobs.js";
import { list as webhooks, page as webhook, sent as delivery } from "./webhooks.js";
import { list as attempts, page as attempt } from "./attempts.js";
import { page as subjects } from "./subjects.js";
import { page as subject } from "./subject.js";

export const pages = [
  overview,
  gallery,
  who,
  enrol,
  subjects,
  subject,
  duplicates,
  evaluation,
  searches,
  policy,
  reviews,
  review,
  importing,
  imports,
  oneImport,
  jobs,
  oneJob,
  webhooks,
  webhook,
  delivery,
  attempts,
  attempt,
  keys,
  tour,
];
