BEGIN TRANSACTION;
CREATE TABLE attempt (
	id INTEGER NOT NULL, 
	learner_id INTEGER NOT NULL, 
	sheet_id INTEGER NOT NULL, 
	digest TEXT NOT NULL, 
	seed TEXT NOT NULL, 
	turn INTEGER NOT NULL, 
	fingerprint TEXT NOT NULL, 
	isolation TEXT NOT NULL, 
	status TEXT NOT NULL, 
	score DOUBLE NOT NULL, 
	max_score DOUBLE NOT NULL, 
	seconds DOUBLE NOT NULL, 
	flags JSON NOT NULL, 
	message TEXT NOT NULL, 
	recorded_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (learner_id, sheet_id, digest, seed), 
	FOREIGN KEY(learner_id) REFERENCES learner (id), 
	FOREIGN KEY(sheet_id) REFERENCES sheet (id)
);
INSERT INTO "attempt" VALUES(1,1,1,'d1','7',3,'4524b90353fc7b2eca8d2f7d519da3a98e397396a9633c77f24a2d0f52b93335','full','graded',4.0,6.0,0.2,'[]','','2026-11-23 09:32:35.459407');
INSERT INTO "attempt" VALUES(2,2,1,'d3','7',1,'67641ed78fcda1207924cb1f2e16cc8005035d9b4404e4d8cc471df637b9d3db','full','graded',3.0,6.0,0.2,'[]','','2026-11-23 09:32:35.449209');
INSERT INTO "attempt" VALUES(3,1,2,'d4','7',1,'b4a735f5edea404ac6eba79f8aa042d2c16868d31376d89687362e24a54b221f','full','graded',6.0,6.0,0.2,'[]','','2026-11-23 09:32:35.451557');
INSERT INTO "attempt" VALUES(4,1,1,'d2','1180591620717411303424',2,'754ff89f898e552ff3c45541d3b6ad6e0c1549224ba83aab259dad8092824524','reduced','graded',5.0,6.0,0.2,'[]','','2026-11-23 09:32:35.455320');
INSERT INTO "attempt" VALUES(5,3,1,'d5','7',1,'a0bd1caa10241d24bc856c30f8fa759d8a52c8d22ee13545208dab1ea68a09ad','full','unreadable',0.0,6.0,0.2,'["a flag"]','line 1
line 2','2026-11-23 09:32:35.465450');
CREATE TABLE check_result (
	id INTEGER NOT NULL, 
	exercise_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	status TEXT NOT NULL, 
	points DOUBLE NOT NULL, 
	max_points DOUBLE NOT NULL, 
	message TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(exercise_id) REFERENCES exercise_result (id) ON DELETE CASCADE
);
INSERT INTO "check_result" VALUES(3,3,0,'a query never sees a later key','failed',0.0,3.0,'');
INSERT INTO "check_result" VALUES(4,4,0,'a query never sees a later key','passed',3.0,3.0,'');
INSERT INTO "check_result" VALUES(5,5,0,'a query never sees a later key','passed',3.0,3.0,'');
INSERT INTO "check_result" VALUES(6,6,0,'a query never sees a later key','passed',3.0,3.0,'');
INSERT INTO "check_result" VALUES(7,7,0,'a query never sees a later key','failed',2.0,3.0,'');
INSERT INTO "check_result" VALUES(8,8,0,'a query never sees a later key','passed',3.0,3.0,'');
INSERT INTO "check_result" VALUES(9,9,0,'a query never sees a later key','failed',1.0,3.0,'');
INSERT INTO "check_result" VALUES(10,10,0,'a query never sees a later key','passed',3.0,3.0,'');
CREATE TABLE exercise_result (
	id INTEGER NOT NULL, 
	attempt_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	status TEXT NOT NULL, 
	score DOUBLE NOT NULL, 
	max_score DOUBLE NOT NULL, 
	diagnosis JSON NOT NULL, 
	hint TEXT NOT NULL, 
	counterexample TEXT NOT NULL, 
	read TEXT NOT NULL, 
	message TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(attempt_id) REFERENCES attempt (id) ON DELETE CASCADE
);
INSERT INTO "exercise_result" VALUES(3,2,0,'causal_mask','failed',0.0,3.0,'["sees one ahead"]','Which key does query 0 see?','causal_mask(3)

expected …','attention-causal','');
INSERT INTO "exercise_result" VALUES(4,2,1,'padding_mask','passed',3.0,3.0,'[]','','','attention-causal','');
INSERT INTO "exercise_result" VALUES(5,3,0,'causal_mask','passed',3.0,3.0,'[]','','','attention-causal','');
INSERT INTO "exercise_result" VALUES(6,3,1,'padding_mask','passed',3.0,3.0,'[]','','','attention-causal','');
INSERT INTO "exercise_result" VALUES(7,4,0,'causal_mask','failed',2.0,3.0,'["sees one ahead"]','Which key does query 0 see?','causal_mask(3)

expected …','attention-causal','');
INSERT INTO "exercise_result" VALUES(8,4,1,'padding_mask','passed',3.0,3.0,'[]','','','attention-causal','');
INSERT INTO "exercise_result" VALUES(9,1,0,'causal_mask','failed',1.0,3.0,'["sees one ahead"]','Which key does query 0 see?','causal_mask(3)

expected …','attention-causal','');
INSERT INTO "exercise_result" VALUES(10,1,1,'padding_mask','passed',3.0,3.0,'[]','','','attention-causal','');
CREATE TABLE gradebook_schema (
	version INTEGER NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "gradebook_schema" VALUES(1);
CREATE TABLE learner (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
INSERT INTO "learner" VALUES(1,'ada');
INSERT INTO "learner" VALUES(2,'O''Hara 名前');
INSERT INTO "learner" VALUES(3,'cy');
CREATE TABLE manual_mark (
	id INTEGER NOT NULL, 
	learner_id INTEGER NOT NULL, 
	sheet_id INTEGER NOT NULL, 
	exercise TEXT NOT NULL, 
	score DOUBLE, 
	comment TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	given_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(learner_id) REFERENCES learner (id), 
	FOREIGN KEY(sheet_id) REFERENCES sheet (id)
);
INSERT INTO "manual_mark" VALUES(1,1,1,'causal_mask',2.5,'good idea','d1','2026-11-23 09:32:35.473964');
INSERT INTO "manual_mark" VALUES(2,1,1,'causal_mask',NULL,'withdrawn','d1','2026-11-23 09:32:35.477626');
INSERT INTO "manual_mark" VALUES(3,1,1,'causal_mask',2.0,'after all','d1','2026-11-23 09:32:35.480489');
INSERT INTO "manual_mark" VALUES(4,2,1,'',5.0,'read on paper','d3','2026-11-23 09:32:35.483279');
CREATE TABLE sheet (
	id INTEGER NOT NULL, 
	stem TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (stem)
);
INSERT INTO "sheet" VALUES(1,'attention');
INSERT INTO "sheet" VALUES(2,'masks');
CREATE INDEX ix_attempt_sheet_id ON attempt (sheet_id);
CREATE INDEX ix_attempt_learner_id ON attempt (learner_id);
CREATE INDEX ix_manual_mark_learner_id ON manual_mark (learner_id);
CREATE INDEX ix_manual_mark_sheet_id ON manual_mark (sheet_id);
CREATE INDEX ix_exercise_result_attempt_id ON exercise_result (attempt_id);
CREATE INDEX ix_check_result_exercise_id ON check_result (exercise_id);
COMMIT;
