CREATE TABLE courses (
  slug text PRIMARY KEY,
  title text NOT NULL,
  level smallint NOT NULL,
  published boolean NOT NULL DEFAULT false,
  enrolled integer NOT NULL DEFAULT 0,
  syllabus jsonb
);
CREATE TABLE lessons (
  course_slug text NOT NULL REFERENCES courses (slug) ON DELETE CASCADE,
  number smallint NOT NULL,
  title text NOT NULL,
  minutes smallint NOT NULL,
  PRIMARY KEY (course_slug, number)
);
CREATE TABLE students (
  id serial PRIMARY KEY,
  email text NOT NULL UNIQUE,
  name text NOT NULL,
  joined date NOT NULL DEFAULT CURRENT_DATE,
  streak smallint NOT NULL DEFAULT 0,
  last_seen timestamp
);
CREATE INDEX students_seen ON students (last_seen);
CREATE TABLE enrollments (
  student_id integer NOT NULL REFERENCES students (id) ON DELETE CASCADE,
  course_slug text NOT NULL REFERENCES courses (slug),
  enrolled_on date NOT NULL DEFAULT CURRENT_DATE,
  grade real,
  PRIMARY KEY (student_id, course_slug)
);
CREATE INDEX enrollments_course ON enrollments (course_slug, enrolled_on);
CREATE TABLE progress (
  student_id integer NOT NULL,
  course_slug text NOT NULL,
  lesson smallint NOT NULL,
  done_at timestamp NOT NULL DEFAULT now(),
  seconds integer NOT NULL DEFAULT 0,
  PRIMARY KEY (student_id, course_slug, lesson),
  FOREIGN KEY (student_id, course_slug) REFERENCES enrollments (student_id, course_slug) ON DELETE CASCADE
);
CREATE TABLE answers (
  id bigserial PRIMARY KEY,
  student_id integer NOT NULL REFERENCES students (id),
  course_slug text NOT NULL,
  lesson smallint NOT NULL,
  choice smallint,
  essay text,
  points numeric(4,1),
  at timestamp NOT NULL DEFAULT now(),
  FOREIGN KEY (course_slug, lesson) REFERENCES lessons (course_slug, number)
);
CREATE INDEX answers_student ON answers (student_id, at DESC);
CREATE INDEX answers_lesson ON answers (course_slug, lesson);
CREATE INDEX answers_ungraded ON answers (at) WHERE points IS NULL;
