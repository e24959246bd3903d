/* Made by ../gen. */
enum re { RE_A, RE_B = 9 };
struct r0 { int m0 : 11; int m1[2][2]; bool m2 : 1 __packed; short : 0; float m4[3]; short m5[2][2] __packed; };
union r1 { long m0; unsigned m1 : 26; int m2[2][2] __packed __aligned(2); u16 m3[3] __aligned(8); bool m4 : 1; struct { union { u8 m7 : 3; struct { int m9 __aligned(8); short m10; short m11; short m12; unsigned : 0; char m14[2][2] __packed; long m15[2][2]; } ; } m6; bool m16 : 1; void * m17 __packed __aligned(2); char m18; bool m19; u64 m20[3] __packed; } ; enum re m21 : 24; } __packed __aligned(2);
struct r2 { size_t m0; s64 m1 : 10; bool : 1; void * m3[2][2]; char m4[2][2] __packed __aligned(2); int m5 : 5; } __aligned(4);
struct r3 { unsigned m0 : 8; char m1 : 7; };
struct r4 { int m0 : 17; } __aligned(32);
struct r5 { u64 m0[3]; char m1; };
struct r6 { u8 m0 : 8; s64 : 0; char m2[3]; struct { long : 27; } m3; u16 : 0; short m6 : 2; };
struct r7 { int m0; void * m1; u16 m2 : 14; struct { struct { struct { int m6[2][2]; } __packed ; size_t m7[3]; } m4; u64 m8; char m9[3] __packed; short m10; size_t m11; } __packed m3; };
union r8 { enum re m0 : 12; long m1 : 15; float m2[3] __packed __aligned(2); bool m3 : 1 __packed; } __aligned(4);
struct r9 { u64 m0 : 39; u8 : 6; short m2; };
struct r10 { int m0[3] __aligned(8); u64 m1 : 48; };
struct r11 { float m0; void * m1[2][2] __packed __aligned(2); struct { long m3[2][2] __packed; u8 : 0; } m2[2]; char m5; struct { bool m7 : 1; u64 m8 : 32; int : 0; char m10 : 7 __packed; enum re m11; bool m12 : 1; struct { u64 m14 : 1; u64 : 13; union { long double m17 __packed; char m18[2][2] __aligned(8); } ; u16 m19 : 15; long m20 : 8; char m21 : 2; } __packed m13; } __packed m6[2]; } __aligned(4);
struct r12 { char m0 : 1; enum re m1[2][2] __aligned(8); size_t m2; union { u8 m4 : 1; } ; float m5 __packed __aligned(2); u16 m6[3] __aligned(8); int m7 : 21; };
union r13 { long double m0[2][2] __aligned(8); enum re : 13; s64 : 0; short m3; struct { u64 m5 : 36; int m6 : 19; u16 m7 : 7; } __packed ; char m8 : 2; } __aligned(32);
union r14 { size_t m0; s64 m1 : 16; char m2; long : 4; short m4; };
struct r15 { enum re m0; size_t m1 __packed; int m2 : 28; union { bool m4 : 1 __packed; int m5[3] __packed; long m6[3]; enum re m7; void * m8 __packed; bool m9 : 1 __packed; } ; u16 : 0; };
struct r16 { enum re m0 : 1; };
struct r17 { float m0; void * m1 __packed __aligned(2); size_t m2[2][2]; u8 m3 : 3; };
#pragma pack(push, 8)
union r18 { char m0; union { long m2[2][2]; } __packed m1[2]; union { float m4; } __packed m3[2]; u8 m5 : 3; enum re m6 : 16; };
#pragma pack(pop)
struct r19 { s64 m0 : 12; struct { int m2 : 19; size_t m3[2][2] __packed; short m4 : 10; size_t m5[3]; int m6 : 4; double m7[3]; } __packed m1; } __aligned(32);
struct r20 { union { long double m1[2][2] __aligned(8); union { enum re m3 __packed __aligned(2); int m4 __packed; short m5 : 4; } __packed m2[2]; unsigned m6 : 4; union { long m8[3] __packed; short m9; char m10 : 1; u16 m11 : 12 __packed; char m12; } m7; } m0; } __aligned(32);
struct r21 { char m0; };
struct r22 { union { char m1[3]; enum re m2 : 10; char m3[2][2] __packed; long double m4 __packed __aligned(2); } __packed m0[2]; u16 m5 : 14; long m6; float m7[3]; bool m8 : 1; long m9[2][2]; } __aligned(4);
struct r23 { u16 m0 : 9; char m1; u16 m2 : 1; struct { float m4[2][2]; u64 m5 : 30; short m6 : 15; union { enum re m8 : 19; u16 m9[3]; short m10; } m7; void * m11[3]; union { int m13 : 12; char m14[3] __packed __aligned(2); short m15; struct { char m17; } m16; u64 m18 : 18; enum re m19 : 28 __packed; enum re m20; } __packed m12[2]; u64 m21 : 58; } ; } __aligned(4);
struct r24 { short m0; int m1[2][2]; } __aligned(4);
struct r25 { short m0 : 10; bool m1 : 1; char m2 : 2; short m3; u64 m4 __aligned(8); unsigned m5 : 20; struct { long m7; } m6; } __aligned(32);
struct r26 { short m0; bool m1 : 1; void * m2; double m3 __aligned(8); bool m4 : 1; enum re m5 : 29; char m6; } __packed;
union r27 { u64 m0 : 53 __packed; unsigned m1 : 14; char m2; enum re m3 : 12; long double m4 __packed; union { unsigned m6 : 14; } __packed ; } __aligned(32);
#pragma pack(push, 4)
union r28 { bool m0[2][2]; unsigned : 24; char m2; } __packed;
#pragma pack(pop)
union r29 { bool m0; } __aligned(32);
union r30 { char m0[3] __packed; u64 m1 : 20; short m2 : 5; char m3; unsigned : 28; u8 : 3; };
struct r31 { enum re m0; struct { void * m2 __packed __aligned(2); char m3 __aligned(8); char m4; long m5[2][2] __aligned(8); } m1[2]; enum re m6 : 4; unsigned m7 : 29; } __packed __aligned(2);
union r32 { long m0 __packed; size_t m1; int m2[2][2] __packed; bool m3 : 1; union { unsigned : 0; } ; double m6 __packed __aligned(2); } __aligned(4);
struct r33 { unsigned m0 : 17; };
struct r34 { unsigned m0 : 16; } __aligned(32);
struct r35 { union { char m1; } ; u16 m2 : 10; };
struct r36 { u64 m0 : 26; char : 0; enum re : 0; char m3[3]; char m4 : 2; u64 m5 : 10 __packed; } __packed __aligned(2);
struct r37 { double m0 __aligned(8); long m1 : 27; enum re m2 : 8 __packed; enum re m3 : 12; double m4; char m5 : 1; int m6 : 6; };
struct r38 { u8 m0 : 1; union { enum re m2[3] __packed __aligned(2); enum re m3; struct { u8 m5 : 4; char m6 : 8; enum re m7 : 1; } m4; bool m8 : 1; short m9; union { enum re m11 __packed __aligned(2); u16 m12 : 7 __packed; u8 : 1; u8 m14 : 8; u16 m15[3] __packed; long : 0; u64 m17 : 26; } m10; } m1[2]; } __packed __aligned(2);
struct r39 { s64 m0 : 21 __packed; union { short m2 : 8; s64 m3 : 50; } m1; float m4[3]; short m5 : 16; enum re m6 : 29; float m7 __packed __aligned(2); char m8; };
struct r40 { u16 m0 : 8; short m1; unsigned m2 : 27 __packed; u16 m3 : 9; } __aligned(32);
struct r41 { u64 m0 : 39; bool m1 : 1; short m2; union { short m4 : 11; short m5 : 14; union { u8 m7 : 4; int m8[3]; long m9 : 32; u64 m10[2][2]; } __packed m6[2]; short m11 : 4 __packed; u16 m12 __packed __aligned(2); struct { double m14; int : 0; short m16; u8 m17 : 4; u16 m18 : 16; } ; } m3; };
union r42 { char m0; u8 m1 : 1; long m2 : 1; };
struct r43 { int m0 : 23; } __packed;
struct r44 { union { int m1 : 1; u16 m2 : 10; bool m3 : 1; long m4 __packed __aligned(2); } __packed ; union { s64 m6 : 28; union { long m8 __packed __aligned(2); union { short m10 : 14; int m11 : 9; bool m12 : 1 __packed; char m13; u64 m14 : 47; void * m15 __packed; double m16[2][2] __packed; } m9; union { u16 m18 : 12; char m19; } m17; } ; unsigned m20 : 14; u16 m21 : 7 __packed; struct { union { char : 0; size_t m25[2][2]; enum re m26 : 12; unsigned m27 : 14; short m28; char m29 : 5; } m23; } __packed ; } __packed ; unsigned m30 : 26; } __aligned(32);
struct r45 { long m0[3] __packed __aligned(2); long m1 : 23 __packed; short m2; enum re : 28; long m4 : 25; enum re m5 : 18; bool : 1; };
struct r46 { char m0; u16 m1 : 2; u16 m2 : 14; struct { bool m4[2][2]; int m5 : 17; } __packed m3[2]; } __aligned(4);
#pragma pack(push, 8)
struct r47 { char m0; u64 : 43; union { u16 m3 __packed __aligned(2); int m4; int m5 : 18; s64 m6 : 48; } __packed ; struct { enum re : 5; enum re m9 : 29; } __packed ; union { short m11; enum re : 0; } __packed m10[2]; } __packed __aligned(2);
#pragma pack(pop)
struct r48 { s64 m0 : 49; long double m1[3] __packed __aligned(2); };
struct r49 { size_t m0[2][2] __packed; char m1; char m2; } __aligned(4);
struct r50 { u64 m0 : 59; unsigned m1 : 2; u64 m2[2][2] __packed; } __aligned(32);
union r51 { char m0; } __aligned(32);
struct r52 { size_t m0 __aligned(8); } __packed __aligned(2);
struct r53 { enum re m0 : 31; short m1 : 12; };
union r54 { union { enum re m1 : 15; double m2; } m0; short : 0; u16 m4 : 12; } __packed __aligned(2);
struct r55 { char m0 : 4; };
struct r56 { int m0 __packed __aligned(2); s64 : 24; char : 2; short m3[3]; };
struct r57 { struct { union { s64 : 42; int m3[3] __packed; } __packed ; u64 m4 : 39; short m5; char m6; u16 m7 : 15; unsigned m8 : 7; short m9 __packed; } __packed m0[2]; char m10[2][2]; struct { float m12 __aligned(8); union { union { long m15 __aligned(8); } __packed m14; enum re : 15; } m13; void * m17 __packed __aligned(2); struct { u8 m19 : 8; short m20; u64 m21 : 34; unsigned m22 : 16; float m23; } __packed ; short m24[2][2] __packed; } __packed ; long m25 : 2; short : 13; };
struct r58 { char m0 : 4; u64 m1; char m2 : 1 __packed; u16 m3 : 15; short m4; enum re m5 : 6; } __packed __aligned(2);
struct r59 { long m0 : 10 __packed; int : 5; char m2 __packed __aligned(2); struct { u8 m4 : 3; char m5 : 3; int m6[3] __packed; struct { union { short m9; } ; } __packed ; u64 m10[2][2] __packed __aligned(2); } __packed m3; struct { char m12; u64 m13 : 60; struct { u8 m15 : 5; bool m16 : 1; union { short : 0; bool m19 : 1; double m20[2][2] __packed __aligned(2); } __packed ; short m21; bool m22 : 1; u8 m23 : 7; u16 m24 : 5; } ; enum re m25 : 13; char m26[2][2]; char m27 : 2; } ; } __aligned(4);
struct r60 { unsigned m0 : 32; };
struct r61 { u16 m0[2][2]; };
union r62 { short m0; enum re m1 : 1; long m2 __packed; size_t m3 __packed; enum re m4 : 30; char m5; } __aligned(32);
struct r63 { char m0; char m1; u64 m2 : 46; } __aligned(4);
struct r64 { float m0[2][2] __packed __aligned(2); union { s64 m2 : 64; long m3 : 22; unsigned m4 : 15; } m1[2]; char m5; char m6; } __packed;
struct r65 { struct { int m1 __packed; s64 m2 : 4; u8 m3 : 1; } __packed ; } __aligned(32);
struct r66 { float m0[3]; short m1 : 1; long double m2 __aligned(8); long m3 : 22; bool : 1; u16 m5; bool m6; } __aligned(4);
struct r67 { struct { bool m1 : 1; bool m2 : 1; u16 m3 : 12; unsigned m4 : 1 __packed; struct { unsigned m6 : 12; } m5; } ; short m7[2][2] __packed __aligned(2); union { struct { double m10; char m11; } __packed m9; short m12; } ; u16 : 9; };
struct r68 { u64 m0 : 4; } __packed __aligned(2);
union r69 { short m0; enum re m1 __packed __aligned(2); u16 m2[3]; long m3 : 21; u64 m4 : 5; };
struct r70 { void * m0; enum re m1 : 13; float m2[3] __aligned(8); union { int m4 : 20 __packed; char m5; int m6 : 25; long m7[3] __packed __aligned(2); long double m8[3] __packed __aligned(2); s64 m9 : 8 __packed; u16 m10[2][2]; } __packed ; short m11 : 8; double m12; };
union r71 { int m0[2][2]; unsigned m1 : 20 __packed; u64 m2 : 50; u64 m3[3]; int m4 : 27; long m5 : 22; } __aligned(32);
struct r72 { long double m0; char m1[3]; char m2; };
struct r73 { int m0 __aligned(8); union { short m2 __aligned(8); size_t m3 __packed __aligned(2); float m4; char m5 : 5; void * m6[3] __packed; char m7; float m8[3]; } __packed ; double m9; enum re m10; char m11; enum re m12 __packed; };
struct r74 { s64 : 0; u16 m1 : 4; long m2 : 2; u64 m3 : 62; float m4; };
#pragma pack(push, 2)
union r75 { char m0 : 5; struct { long double m2[2][2] __packed; int : 30; size_t m4[3]; bool m5 : 1; long m6 : 30; unsigned m7 : 6; bool m8 : 1 __packed; } __packed ; };
#pragma pack(pop)
struct r76 { long m0 __aligned(8); int m1[3]; u8 m2 : 6; long m3 : 9; };
struct r77 { long m0 __packed; long m1 __packed; size_t m2 __packed; } __packed;
union r78 { int m0[2][2] __packed; u64 m1 : 34; s64 m2 : 57; short m3; bool m4[3]; } __aligned(32);
union r79 { char m0; long double m1 __aligned(8); };
struct r80 { u16 m0 : 16; unsigned m1 : 32; };
union r81 { u8 m0 : 2; };
struct r82 { u64 m0[2][2] __aligned(8); u64 m1 : 40; enum re m2[3]; };
struct r83 { void * m0 __aligned(8); short m1; void * m2[2][2]; } __packed;
struct r84 { float m0; };
struct r85 { char m0; union { u8 m2 : 8; char m3; u16 m4 : 7; } ; } __packed __aligned(2);
union r86 { struct { u16 : 0; u16 m2 : 13; void * m3[3]; } __packed m0; long m4 __packed; union { struct { long double m7 __aligned(8); enum re m8 : 21; long m9 : 30; enum re m10 : 27; bool m11 : 1; short m12; union { char m14 : 7; u16 m15 : 11; } m13[2]; } ; enum re : 30; enum re : 0; char m18 : 8; u64 m19[2][2] __packed __aligned(2); } __packed ; struct { struct { size_t m22[2][2] __aligned(8); long m23 : 17; struct { enum re m25[2][2] __packed; short m26; bool m27 : 1; short m28; unsigned m29 : 26; long m30 : 13; } __packed ; } ; float m31; char : 0; long : 2; char m34; bool : 0; float m36; } __packed ; unsigned m37 : 5; int m38[3] __aligned(8); } __aligned(32);
#pragma pack(push, 1)
union r87 { u16 : 5; s64 m1 : 22; char m2 __packed __aligned(2); short m3; } __aligned(4);
#pragma pack(pop)
struct r88 { unsigned m0 : 26; float m1 __packed __aligned(2); u16 m2 : 10; } __aligned(4);
struct r89 { short m0 : 2; unsigned m1 : 2; struct { s64 m3 : 36; unsigned m4 : 15; u16 : 0; float m6[2][2] __aligned(8); } m2[2]; struct { int m8[2][2] __packed __aligned(2); int m9 : 5; u16 m10 : 2; u8 m11 : 1; union { s64 : 0; void * m14; union { u16 m16; char m17; char m18; } ; } __packed ; } ; struct { struct { union { short m22; unsigned m23 : 3; u64 m24; u16 m25 : 5; char : 0; char m27 : 4; long m28 : 28; } m21; } m20[2]; long double m29; union { bool m31 : 1; short m32 : 8; size_t m33 __packed; bool m34 : 1; s64 m35 : 15; char m36[3] __packed; int m37[2][2]; } m30[2]; float m38; s64 m39 : 37; struct { long : 0; void * m42 __packed; char : 0; } __packed ; bool m44 : 1; } m19; u16 m45[2][2] __aligned(8); union { int m47 : 3; union { long : 0; s64 m50 : 2 __packed; } ; union { long double m52[2][2] __aligned(8); u64 m53 : 46; union { double m55 __packed __aligned(2); u16 m56 : 3; bool m57 __aligned(8); bool m58 : 1; char m59 : 5; char m60; } ; } __packed ; } __packed ; } __packed __aligned(2);
struct r90 { u16 m0 : 12; s64 m1 : 30; short m2; char m3; short m4 : 2; };
struct r91 { union { long m1 : 7; enum re m2 : 26; s64 m3 : 56; } __packed m0[2]; };
struct r92 { enum re m0; int : 10; s64 m2 : 38 __packed; u16 m3[2][2]; char m4; } __packed;
struct r93 { u16 m0 : 10; union { enum re m2 : 12; double m3[2][2] __aligned(8); double m4 __packed; void * m5; } m1[2]; int m6; union { long : 30; long m9 __packed; int m10 : 28; size_t m11; short m12 : 10 __packed; long m13[3]; union { u8 m15 : 1; short m16; unsigned : 19; union { char m19 : 6; u64 m20 : 58; char m21; enum re m22[2][2]; short m23 : 2; } m18[2]; } ; } m7; void * m24[2][2]; struct { union { short m27; enum re m28 : 24; u64 m29 : 3 __packed; size_t m30; } __packed ; union { union { enum re m33; bool : 1; short m35 : 9; u64 : 52; enum re m37 __packed; u64 m38[2][2] __packed __aligned(2); } __packed m32[2]; double m39 __packed __aligned(2); } __packed ; } ; } __packed __aligned(2);
union r94 { unsigned m0 : 14; struct { char m2 : 1; void * m3[3]; char m4 : 4; double m5 __aligned(8); enum re m6 : 27; char m7 : 1; } __packed m1; } __packed __aligned(2);
union r95 { s64 m0 : 33; s64 : 0; bool m2; bool : 0; long m4; };
struct r96 { long m0 : 31; } __packed;
union r97 { u8 m0 : 4; };
struct r98 { unsigned m0 : 32; long m1 : 8; int m2 __packed __aligned(2); size_t m3 __packed __aligned(2); u64 m4; short m5; } __aligned(4);
struct r99 { u8 m0 : 4; struct { short m2[2][2]; u64 m3[3] __packed; int m4 : 3; } __packed ; } __aligned(32);
struct r100 { u16 m0 : 13; u64 m1 : 16; size_t m2 __packed __aligned(2); char m3; unsigned m4 : 31; short m5; } __aligned(32);
struct r101 { u8 m0 : 2; float m1[3] __packed __aligned(2); bool m2 : 1; unsigned : 0; union { char m5; } ; };
#pragma pack(push, 4)
struct r102 { int m0; short m1; short m2[2][2] __packed; enum re m3 : 31; u16 m4 : 5; short m5; bool m6 __packed __aligned(2); } __aligned(4);
#pragma pack(pop)
union r103 { struct { int m1 : 8; } m0; long double m2[3] __aligned(8); struct { struct { char m5 : 8; struct { char m7; unsigned m8 : 31; u16 m9 : 4; } m6[2]; char m10 __packed __aligned(2); long m11[2][2]; size_t m12[3]; u16 m13 : 5; short : 0; } __packed ; bool m15[2][2] __packed; long double m16[2][2] __packed; bool : 0; s64 m18 : 41; int m19 : 3; short m20[3] __packed; } ; float m21[3]; u16 m22 : 15; };
struct r104 { struct { short m1; void * m2[3] __aligned(8); char m3; u64 m4[2][2] __packed __aligned(2); bool m5 : 1 __packed; char m6; union { float m8 __packed __aligned(2); } m7; } ; char m9; u8 : 7; short m11; };
union r105 { bool m0 : 1 __packed; s64 : 0; };
struct r106 { struct { char m1; char m2; char m3[2][2] __packed; float m4 __packed; } ; float m5 __aligned(8); unsigned m6 : 19; long m7 __packed; u64 m8 : 19; char m9 : 7; char m10 : 1; };
union r107 { long m0; char m1; char m2; } __packed __aligned(2);
struct r108 { struct { struct { short m2 __aligned(8); union { char m4; int m5 : 18; long double m6[2][2] __packed __aligned(2); float m7; short m8; } ; u16 m9 : 8; } m1[2]; struct { long double m11; float m12 __packed __aligned(2); u16 m13 : 7; } __packed ; } ; union { short m15; enum re m16 : 14; double m17; union { u64 m19; struct { bool m21 : 1; short m22; long m23 : 18; long m24 __packed; short m25 : 10; void * m26 __packed __aligned(2); short m27 : 5; } ; union { u8 : 0; u64 m30; int m31 __packed; double m32[2][2]; char m33; } m28[2]; char m34; bool m35 : 1; char m36 __aligned(8); short m37; } ; struct { double m39; } __packed ; int m40 : 13; u16 m41 __packed __aligned(2); } ; };
union r109 { s64 m0 : 20; } __packed;
struct r110 { u64 m0[3] __packed __aligned(2); unsigned m1 : 18; size_t m2; unsigned m3 : 31; enum re m4 : 27; short m5; int m6 : 5; } __aligned(32);
struct r111 { float m0 __packed __aligned(2); struct { short m2; short : 0; union { short m5; short : 0; } __packed ; } __packed m1; u16 m7 : 11; u16 m8 : 13; };
struct r112 { bool m0 : 1 __packed; u64 m1 : 14; char m2 __packed; char m3; };
union r113 { long : 0; enum re m1 : 15; int m2[2][2]; unsigned m3 : 23; u16 m4; struct { union { float m7[2][2] __packed __aligned(2); long m8 : 29; char m9; int m10 : 20 __packed; union { long m12[3] __packed; char m13; u64 m14 : 64 __packed; int m15 : 12 __packed; } ; u8 m16 : 7; } m6; u8 m17 : 8; char m18; void * m19 __packed __aligned(2); long m20; short m21; s64 m22 : 63; } ; u16 m23[3] __packed; };
struct r114 { u16 m0 __packed __aligned(2); u64 m1; short m2; u64 : 16; union { int m5 __aligned(8); u64 m6 : 48; } __packed m4[2]; int m7 : 12; };
union r115 { enum re m0 : 5; long double m1[2][2] __aligned(8); bool m2 __packed __aligned(2); };
struct r116 { u8 m0 : 1; } __aligned(4);
struct r117 { char m0 : 4; } __aligned(32);
struct r118 { long double m0[3]; float m1 __packed __aligned(2); } __packed;
struct r119 { long m0 : 1; u8 m1 : 2; char m2 __aligned(8); union { short m4 : 1; union { enum re m6[2][2]; long m7 : 25; union { long m9 : 27; char m10; char : 0; } ; char m12; union { char m14 __packed; u8 : 0; u64 m16 __aligned(8); short m17 : 2; short m18; enum re m19; } m13; char m20; long double m21 __aligned(8); } __packed ; int m22 : 17; void * m23; enum re m24 __packed __aligned(2); union { double m26; short m27 : 6 __packed; char : 8; char m29; struct { s64 m31 : 21; char m32; enum re m33 : 25; u16 m34 : 12; } __packed ; char m35 : 7; enum re m36 : 14; } __packed ; } ; long m37 : 30; } __aligned(4);
struct r120 { u16 m0 : 4; char m1 __packed __aligned(2); float m2; short m3[2][2]; long double m4 __packed __aligned(2); short : 0; } __packed;
union r121 { enum re m0; void * m1[2][2]; } __packed;
struct r122 { char m0 : 6; enum re m1; long double m2[3] __packed __aligned(2); union { enum re m4[2][2]; short m5 : 1; long m6 : 29; u64 m7[2][2]; float m8[3] __packed __aligned(2); } m3; };
struct r123 { int m0 : 15; char m1 : 2; };
struct r124 { long m0 : 7; };
struct r125 { void * m0 __packed; enum re m1 : 17; };
struct r126 { long m0 : 3; struct { double m2 __aligned(8); unsigned m3 : 31; long double m4 __aligned(8); u16 : 0; } m1; short m6; long double m7[2][2]; enum re m8 : 6; char m9 : 5; } __packed;
union r127 { long m0 : 23; u64 m1; struct { bool m3 : 1; char m4 : 1; size_t m5[3] __packed __aligned(2); struct { double m7 __packed; char m8; bool : 1; } m6; bool : 1; } m2[2]; char m11[2][2]; } __aligned(32);
struct r128 { u64 m0 : 32; s64 m1 : 60 __packed; };
struct r129 { union { bool m1[3]; } __packed ; union { bool m3; u16 m4 : 4; int m5[2][2] __packed __aligned(2); } m2; union { char m7; double m8[2][2]; } m6; struct { long double m10[3]; u64 m11 : 34; int m12; char m13; } m9; };
struct r130 { long m0 : 11; union { int m2 __packed; } m1[2]; long m3 : 21; double m4[3] __packed; u64 m5 : 19; char m6; };
struct r131 { short m0 : 12; };
struct r132 { short m0; union { unsigned m2 : 26; union { char m4; size_t m5[2][2]; char m6 : 6; float m7 __packed __aligned(2); } ; bool m8 : 1; } ; char m9 : 3; struct { union { char m12 : 4; } m11; } m10; };
struct r133 { bool m0; long double m1; } __aligned(4);
struct r134 { struct { struct { u8 m2 : 3; double m3[3]; union { u16 m5 : 3; unsigned : 17; long double m7[3] __aligned(8); short m8; u64 : 64; u16 m10 : 15; } __packed ; enum re m11 : 14; char m12; } __packed m1[2]; enum re m13 : 15; size_t m14; unsigned m15 : 3; union { unsigned m17 : 10; union { short m19; u8 m20 : 1; char m21[2][2]; u64 m22 : 17; short m23; short m24; } m18; } m16[2]; u64 m25 __packed; s64 : 0; } m0[2]; enum re m27 __packed __aligned(2); u64 m28; };
union r135 { char m0; bool m1 : 1; int : 9; char m3; int m4 : 30; union { long : 10; enum re m7 : 31; enum re m8 : 5; unsigned m9 : 6 __packed; u16 m10 __packed __aligned(2); } __packed m5; float m11 __aligned(8); } __packed __aligned(2);
struct r136 { enum re : 5; s64 m1 : 53 __packed; union { bool m3 : 1; void * m4[3]; float m5[2][2] __aligned(8); short m6[3]; double m7 __packed; } m2; short m8; unsigned m9 : 12; };
union r137 { struct { short m1[3]; short m2; char m3; int m4 : 7; bool m5[3] __packed; int m6[3]; } m0; union { u16 m8 : 3; char m9; bool m10 : 1; union { size_t m12 __packed; } ; long m13 : 29; } m7; u16 : 12; u8 : 8; u8 m16 : 3; float m17; union { short m19; s64 m20 : 39 __packed; u16 m21 : 10; union { short m23 : 3 __packed; void * m24; struct { char m26; } ; u64 m27 : 12; union { bool m29[3] __packed; short m30; s64 : 52; short m32; long m33 : 26; } __packed ; size_t m34 __aligned(8); struct { unsigned m36 : 11; } m35; } __packed ; bool m37[2][2] __aligned(8); enum re m38; bool : 1; } ; } __packed;
#pragma pack(push, 4)
union r138 { u16 : 0; enum re : 21; union { int m3 __packed; float m4; } ; short m5 : 8; };
#pragma pack(pop)
union r139 { short m0; } __packed __aligned(2);
union r140 { float m0[2][2] __aligned(8); short m1[2][2]; s64 m2 : 15; unsigned m3 : 17; } __aligned(32);
#pragma pack(push, 4)
struct r141 { unsigned m0 : 31; float m1 __packed; s64 m2 : 45; int m3 : 26; enum re : 0; };
#pragma pack(pop)
#pragma pack(push, 2)
union r142 { u64 m0; union { enum re m2 : 4; } m1[2]; union { long m4 : 6; bool : 0; short m6 : 4; } ; u64 m7 __aligned(8); enum re m8 : 19; union { bool m10; bool m11 __packed; char m12[2][2]; } m9; };
#pragma pack(pop)
struct r143 { enum re : 0; char m1; float m2 __aligned(8); size_t m3; } __packed __aligned(2);
union r144 { short m0; } __aligned(32);
union r145 { char m0 : 3; bool : 1; s64 m2 : 49; enum re m3 : 11; short m4 __packed; union { short m6; } ; } __aligned(32);
union r146 { long : 0; long m1 : 18; short : 0; u8 m3 : 2 __packed; } __packed;
struct r147 { u16 m0 : 12; long : 28; struct { s64 m3 : 27; union { u64 m5 : 4; size_t m6; int m7 : 1; char m8; char m9; struct { long m11 : 12; short m12; bool m13[3]; char m14; u8 m15 : 4; } __packed ; short m16 : 16; } ; short m17; struct { unsigned : 29; float m20[2][2] __packed __aligned(2); bool m21 : 1; union { void * m23 __packed __aligned(2); } m22; char m24; long double m25; } ; u16 m26 : 5; int m27 : 24; short : 0; } __packed m2[2]; int m29[2][2]; enum re : 7; };
union r148 { long m0[3]; struct { u64 m2; } __packed m1; bool : 0; char m4 : 1; short m5; bool m6 : 1; } __aligned(4);
struct r149 { size_t m0[2][2]; union { enum re m2; u8 : 7; short m4 __packed __aligned(2); union { double m6; u16 m7 : 12; long double m8[3]; enum re m9 : 32; struct { long double m11 __aligned(8); u16 : 0; short m13; char m14; short m15; short m16; char m17; } ; u64 m18 : 33; char m19 : 7; } ; } ; };
struct r150 { char m0 : 4; unsigned m1 : 4; bool m2 : 1; size_t m3[3] __aligned(8); } __packed __aligned(2);
struct r151 { char m0 __aligned(8); s64 m1 : 50; char m2[2][2]; union { unsigned : 17; float m5; u64 m6 : 37; u16 m7 __packed __aligned(2); short m8; long m9 : 31; } __packed m3; };
struct r152 { enum re m0 : 15; struct { long m2[2][2] __packed; short m3 : 14; unsigned m4 : 6 __packed; long double m5 __packed __aligned(2); unsigned m6 : 13; } m1[2]; float m7[3]; u8 m8 : 6; long m9 __packed __aligned(2); u64 m10[3]; u8 : 0; } __packed __aligned(2);
struct r153 { char m0 : 3; float m1 __packed; int m2; s64 m3 : 14 __packed; s64 m4 : 57; size_t m5 __aligned(8); };
struct r154 { enum re m0[2][2]; short m1; s64 m2 : 26; long m3 : 17; bool : 1; u8 : 2; } __aligned(4);
union r155 { short m0 : 3; int m1[2][2]; long double m2; unsigned m3 : 4 __packed; char m4[2][2]; bool m5 : 1; int m6 __aligned(8); } __packed;
union r156 { enum re : 24; size_t m1[2][2]; int m2; struct { s64 m4 : 58; struct { struct { int m7 : 26; long m8 : 28; short m9; short m10; } m6[2]; short m11; short m12[3] __packed; float m13; struct { u64 m15 : 48; short m16 : 1; void * m17[3] __aligned(8); char m18 : 8 __packed; char m19; u16 m20 : 16; char m21; } __packed m14[2]; bool m22 : 1; } ; unsigned m23 : 29; } __packed m3[2]; char m24; } __aligned(4);
union r157 { void * m0; char : 2; bool m2[3]; struct { short m4 : 8; bool m5 : 1; int m6 : 8; enum re m7 : 24; } __packed m3[2]; void * m8[2][2]; enum re m9 : 25; u16 m10 __packed __aligned(2); } __aligned(4);
struct r158 { bool m0 : 1 __packed; double m1[2][2]; char m2; u16 : 13; char m4 : 2; int m5[2][2] __aligned(8); short m6; } __packed __aligned(2);
struct r159 { unsigned m0 : 21; short m1 : 10; int : 16; short m3; char m4; } __packed;
struct r160 { short m0; unsigned : 4; union { unsigned m3 : 10; } __packed ; u64 m4; u16 m5; u16 m6 : 13; };
struct r161 { enum re : 0; u16 m1 : 16; u8 m2 : 6; short : 5; s64 m4 : 62; } __aligned(32);
struct r162 { struct { u64 m1 : 20; s64 m2 : 35; } ; u64 m3[2][2] __aligned(8); unsigned m4 : 19; enum re m5 : 13; struct { double m7[3] __aligned(8); struct { u8 m9 : 6; } m8; struct { union { short m12; } ; u8 m13 : 8; u8 m14 : 2; int m15[3]; u64 : 58; void * m17[3] __aligned(8); char m18 __packed __aligned(2); } m10[2]; } m6[2]; u8 m19 : 7; short m20 : 13; } __aligned(32);
struct r163 { u8 m0 : 4; enum re m1 : 4; u64 m2[3] __packed __aligned(2); enum re m3 : 2; u8 m4 : 4 __packed; union { union { u16 m7 : 2; char m8; bool m9 : 1; unsigned m10 : 30; union { u16 m12 : 16; bool m13 : 1; u8 m14 : 5; enum re : 25; long m16 : 24; int m17 : 3; } m11[2]; } __packed ; size_t m18[3]; struct { double m20 __packed __aligned(2); } __packed m19[2]; void * m21[3]; } __packed ; short m22; };
struct r164 { int m0 : 5; char m1; char m2; union { short m4 : 9; int m5 : 5; enum re m6; float m7[3]; struct { struct { int m10 : 8; float m11[2][2]; u8 m12 : 6; long m13 __packed; char m14; } __packed m9[2]; long m15[3] __aligned(8); char m16; u16 m17 __packed; int m18 : 9; } __packed m8[2]; bool : 0; } __packed m3[2]; u64 m20[3]; struct { short m22; char m23; } __packed m21; double m24; };
#pragma pack(push, 2)
union r165 { size_t m0; char m1 : 8; void * m2; u16 m3 : 8; char m4[3] __aligned(8); };
#pragma pack(pop)
struct r166 { union { struct { u16 m2 : 3; long m3[3] __packed; short m4; int m5 __packed __aligned(2); short m6 __aligned(8); double m7 __packed; } ; u64 m8[3]; short m9; struct { float m11[3]; short m12 : 14 __packed; } __packed m10[2]; float m13 __aligned(8); struct { enum re : 29; long m16; } ; } __packed ; short m17 : 2; short m18; };
struct r167 { float m0 __aligned(8); u64 m1 : 30; enum re m2 : 24 __packed; union { u8 m4 : 4; } ; bool m5 : 1; short m6; short m7; } __packed;
union r168 { short m0 : 3 __packed; struct { enum re m2 : 10; void * m3; } ; char m4 : 7; unsigned m5 : 23; };
union r169 { short m0; long m1 : 13 __packed; u16 : 12; unsigned m3 : 18; short m4; };
struct r170 { u8 m0 : 5; u8 m1 : 1; u64 m2 : 15; struct { char m4 : 2; short m5 __packed; } ; char m6 : 6; long double m7; } __packed;
struct r171 { enum re m0 : 26; u64 m1[2][2]; char m2 : 2 __packed; s64 m3 : 55; unsigned m4 : 7; } __packed __aligned(2);
union r172 { u64 m0 : 62; enum re m1 : 9; union { void * m3 __aligned(8); union { struct { enum re m6 : 9; void * m7 __aligned(8); u16 m8; s64 m9 : 48; } m5; u64 m10[2][2]; } ; u64 m11[3] __aligned(8); union { float m13 __packed __aligned(2); unsigned m14 : 23; s64 m15 : 44; float m16 __packed __aligned(2); float m17[3]; short m18; } m12; } m2; enum re m19; union { u8 : 0; char m22; short m23 : 13; char m24 : 1; } __packed m20; enum re m25 : 31 __packed; };
struct r173 { union { u8 m1 : 3; char m2; } __packed ; };
union r174 { u64 m0 : 31; s64 : 6; int m2 : 9; enum re m3 : 7; char m4[3]; s64 : 0; } __packed;
struct r175 { short m0 __aligned(8); int m1 : 9; u8 m2 : 5; union { u16 : 0; bool m5; } m3; char m6; short m7 : 9; };
struct r176 { int m0 : 13; enum re m1 : 7 __packed; };
struct r177 { long : 4; char m1; union { short : 1; } m2; double m4 __packed __aligned(2); } __packed;
struct r178 { void * m0 __packed; u16 m1 : 12; short m2[3]; void * m3[3]; struct { long m5 : 10; u8 m6 : 2; long : 5; enum re m8 : 7; long m9; u16 m10 : 3; } ; char m11; u16 m12 : 4; };
struct r179 { short m0; u16 m1 __packed; short m2 : 2; unsigned : 0; } __packed;
struct r180 { struct { union { short m2; unsigned m3 : 22; } ; u16 m4; unsigned : 11; size_t m6[2][2]; struct { enum re m8 : 9; struct { int m10 : 12; enum re m11 __packed; } __packed ; struct { u64 m13[2][2]; double m14[3] __packed; char m15 : 8; unsigned : 29; enum re m17 : 10; void * m18[3] __packed; short m19; } ; enum re m20 : 4; unsigned m21 : 13; } ; } ; };
struct r181 { u16 m0 : 14; char m1 : 4; };
struct r182 { short m0; } __packed __aligned(2);
struct r183 { u64 m0 : 24; bool m1 : 1; } __aligned(4);
struct r184 { bool : 0; struct { bool m2 __aligned(8); void * m3[3]; int m4 __aligned(8); u64 m5[3]; } __packed m1[2]; u16 m6 : 14; } __packed;
union r185 { u16 m0[2][2]; int m1 : 6; int m2; u8 m3 : 1; int m4 : 5; union { bool m6 : 1; char : 4; u16 m8 : 5; union { int m10 : 26; unsigned : 17; enum re m12 : 24; u64 m13 __packed __aligned(2); char m14; union { char m16; } ; short m17; } m9; void * m18 __packed; } m5; long m19 : 19; } __packed;
struct r186 { long : 5; short m1 : 14; u8 : 5; } __aligned(32);
struct r187 { unsigned m0 : 14; struct { struct { u8 m3 : 6; enum re m4 : 26; char m5[2][2]; } m2[2]; int m6 : 32 __packed; bool m7[2][2] __packed __aligned(2); enum re m8[2][2] __packed; u64 m9; u8 m10 : 7; } ; char m11 __packed; float m12[3] __packed __aligned(2); int m13[3] __packed; u64 m14 : 64; };
struct r188 { u8 m0 : 3 __packed; long double m1 __aligned(8); enum re m2 : 22; bool : 1; };
struct r189 { long double m0; u64 m1; u8 m2 : 8; u8 m3 : 2; char m4 : 6 __packed; void * m5[3]; };
struct r190 { u16 m0 : 8; short m1 : 13; } __aligned(32);
union r191 { short m0[3] __packed __aligned(2); short m1 : 16; unsigned m2 : 23; u64 m3[2][2] __aligned(8); } __packed;
#pragma pack(push, 4)
struct r192 { long m0[3] __aligned(8); long m1; short m2[3] __packed __aligned(2); enum re m3 : 31; };
#pragma pack(pop)
union r193 { bool m0 : 1; union { union { unsigned m3 : 17; u16 : 0; short m5; char m6 : 1; enum re : 7; union { char m9[3] __aligned(8); u8 : 2; long double m11; double m12; } m8[2]; } m2[2]; } ; } __packed;
struct r194 { char m0; bool m1 : 1; } __aligned(32);
union r195 { void * m0 __aligned(8); bool m1 : 1; };
union r196 { struct { short m1 : 6; enum re m2 __packed; enum re m3 : 22; } __packed ; long m4 : 5; long m5; char m6; struct { long m8 : 19; union { int m10 : 25; u16 m11 : 2; char m12; char : 0; enum re m14 : 18; char m15 : 1 __packed; } m9; union { short m17 : 5; u8 m18 : 3; } ; union { char m20; } m19; enum re : 26; } m7[2]; };
struct r197 { enum re : 18; u64 m1 : 57; char m2; double m3; u64 m4 : 8; long double m5; int m6 : 29; } __packed;
struct r198 { u16 m0 : 4; short m1; u16 m2[2][2]; char m3[3]; size_t m4 __packed; bool m5; short m6[3] __aligned(8); } __packed;
struct r199 { int m0 __packed __aligned(2); u16 m1 __packed __aligned(2); union { bool m3 : 1; char m4 : 7; struct { u8 m6 : 4; } m5; enum re m7 : 9; long m8 : 6; size_t m9 __packed __aligned(2); } ; union { int m11[3]; struct { u16 m13 : 9; } __packed m12[2]; short m14 : 12; void * m15[2][2]; u8 m16 : 1; } ; u16 m17 : 3; char m18; bool m19 : 1; } __aligned(4);
#pragma pack(push, 8)
struct r200 { bool m0 : 1; char m1; s64 : 53; unsigned m3 : 7; } __packed;
#pragma pack(pop)
union r201 { union { int m1 : 22; bool m2 : 1; } __packed ; union { void * m4[2][2]; short m5[3] __aligned(8); enum re m6 : 28; u16 m7 __aligned(8); } __packed ; struct { unsigned m9 : 32; u16 m10 : 15; u8 m11 : 1; enum re : 0; char m13 : 7; char m14; int m15; } m8[2]; } __aligned(32);
struct r202 { char m0; u8 m1 : 3; } __packed __aligned(2);
struct r203 { int m0 __aligned(8); struct { u8 : 3; void * m3 __packed __aligned(2); union { unsigned m5 : 6; u16 m6 : 8; struct { short m8[2][2] __aligned(8); int : 0; char m10 : 8; u8 m11 : 5; } ; double m12; } ; size_t m13; short m14; } m1; } __aligned(32);
struct r204 { char : 0; int m1 : 25; long m2 : 20; } __packed;
struct r205 { char m0; u16 m1 : 13 __packed; size_t m2; char m3[3]; float m4; size_t m5; } __packed;
struct r206 { long m0 : 31; u16 m1 : 16; unsigned m2 : 20; u64 : 0; struct { union { short : 1; u16 m7 : 16; char m8 __aligned(8); int m9; } m5[2]; } m4[2]; u8 m10 : 1; struct { bool m12 : 1 __packed; long m13 : 24; short m14; struct { int m16 : 8; u16 m17 : 7; u16 m18 __aligned(8); } m15; } ; };
struct r207 { short m0; short m1 : 9; u8 m2 : 3; int m3 : 28; enum re m4 __packed __aligned(2); char m5; };
union r208 { u8 : 0; struct { s64 m2 : 46; struct { short m4 __packed; union { u64 m6; } m5[2]; char m7; } ; u64 m8 : 28; unsigned m9 : 3; unsigned m10 : 10; } __packed m1; u8 m11 : 1 __packed; size_t m12[3]; enum re m13 : 16; } __packed __aligned(2);
struct r209 { u64 m0 : 29; union { size_t m2; union { void * m4; long m5 : 30; float m6; u8 m7 : 7; } m3[2]; unsigned m8 : 20; enum re m9 : 20; size_t m10[3]; } __packed ; int m11; short m12; long m13[2][2]; };
struct r210 { u64 m0[3] __packed; void * m1[3] __packed; long m2 : 13; } __packed;
struct r211 { char m0; u64 m1[3]; int m2 : 14; bool m3[3]; double m4[3]; };
struct r212 { short m0; union { u64 : 0; enum re m3[2][2]; short m4; char m5; } m1[2]; char m6 : 8; short m7[3]; union { union { enum re m10 : 4 __packed; char m11; long m12[2][2] __packed; u16 m13; bool m14 : 1; int m15 : 2; u64 m16 : 41 __packed; } __packed ; union { unsigned m18 : 1; } m17[2]; union { s64 m20 : 36; char m21; char m22 : 1; u8 m23 : 4; bool : 0; } __packed ; int : 0; } m8; u16 m26 : 14; short m27 : 12; } __packed;
struct r213 { struct { void * m1 __packed __aligned(2); struct { size_t m3; int m4 : 13; char m5; short m6; enum re m7 __aligned(8); } ; enum re m8[2][2] __packed __aligned(2); size_t m9[3]; enum re : 0; } m0[2]; long double m11; void * m12 __packed; short m13 __packed; };
union r214 { u64 m0 : 42; u64 m1 __packed __aligned(2); short m2 : 16 __packed; s64 m3 : 2; union { long m5 : 23; } ; struct { u16 m7[3] __packed; u8 m8 : 8; unsigned m9 : 3; } m6; char m10[3]; };
union r215 { int : 0; } __aligned(32);
struct r216 { bool m0; bool m1 : 1; bool m2; short m3 : 11; u16 : 6; long m5[3] __packed; };
struct r217 { long : 0; int m1 : 28; short m2 __aligned(8); int m3 : 6; union { union { enum re m6 : 24; char m7 : 6; u16 m8; void * m9[3] __aligned(8); bool m10 : 1; short m11; size_t m12[2][2] __packed; } __packed m5[2]; } __packed ; char m13[2][2]; };
struct r218 { enum re m0 : 7; int m1[2][2]; union { short m3 : 11 __packed; short m4 : 14; int : 5; long double m6[2][2]; } m2; short m7 : 10; bool m8 : 1; union { long m10 : 20; } m9; } __aligned(32);
union r219 { s64 : 42; short m1 : 16 __packed; long double m2 __packed; struct { union { struct { long double m6 __packed __aligned(2); u16 m7 : 2; bool m8 : 1; short m9; } ; u16 m10 : 15; unsigned m11 : 28; u16 m12 __aligned(8); size_t m13 __packed __aligned(2); short m14 __packed __aligned(2); long m15; } ; short m16; u64 m17; u16 m18 : 16; int m19 : 1; union { short m21 : 6 __packed; u64 m22 : 64; char m23; u16 m24; char m25; union { char m27; int m28; short m29; short m30; } __packed m26; u64 m31 : 16; } __packed m20[2]; enum re m32 __aligned(8); } __packed m3[2]; char m33 : 8; };
struct r220 { short m0; char m1; };
struct r221 { struct { short m1 : 12; u8 m2 : 7; short m3 __packed __aligned(2); } m0; char m4 __packed; struct { enum re m6 : 25; char m7; s64 m8 : 47; u16 m9; u16 m10 __aligned(8); void * m11; bool m12; } ; short m13[2][2] __packed __aligned(2); };
union r222 { bool m0; short m1; short m2 : 1; char m3; u16 : 0; } __aligned(32);
struct r223 { unsigned m0 : 20; u8 m1 : 2; enum re m2 : 32; short m3; } __aligned(32);
struct r224 { u64 m0 : 38; long m1; float m2 __aligned(8); double m3 __packed __aligned(2); };
struct r225 { struct { enum re m1 : 32; struct { char m3; long m4; short m5 __aligned(8); } __packed ; u64 m6 : 64; float m7; s64 m8 : 48; } __packed ; bool m9 __aligned(8); float m10; };
union r226 { char m0; union { enum re m2 __packed; struct { short m4; } m3; } m1[2]; };
union r227 { enum re m0[2][2]; } __packed __aligned(2);
union r228 { union { short m1 : 7; long m2 : 30; } m0[2]; unsigned m3 : 16; };
struct r229 { union { u16 m1; bool m2 : 1; short m3; bool m4 : 1; } ; short m5[3] __aligned(8); long m6 : 10; } __aligned(4);
struct r230 { union { union { char m2 __aligned(8); bool m3 : 1; bool m4 : 1 __packed; } m1[2]; void * m5[2][2]; unsigned : 0; union { u8 m8 : 6 __packed; enum re m9 : 25 __packed; size_t m10 __packed __aligned(2); } m7[2]; } m0; u16 m11 : 9; short : 0; struct { unsigned m14 : 30; union { bool m16 __aligned(8); u16 m17 : 1; void * m18; s64 m19 : 35; struct { u16 : 0; char m22; unsigned m23 : 3; char m24; float m25 __packed; bool m26 __aligned(8); short m27; } m20[2]; } __packed m15[2]; short m28 : 14 __packed; long m29 : 7; int m30[3] __aligned(8); } __packed ; short m31; long double m32[2][2]; char m33; } __aligned(4);
struct r231 { long m0 __aligned(8); char : 8; short m2; long double m3; union { struct { s64 m6 : 20; union { void * m8[2][2] __packed; long m9 : 13 __packed; char m10; } m7; struct { long m12[3] __packed __aligned(2); double m13; } m11; u64 m14 : 11; char m15; char m16 : 5; } ; union { short m18; } __packed ; } m4; union { char m20; int m21 : 17; s64 : 0; u16 m23 : 4; short : 0; } m19[2]; long m25[2][2]; } __packed __aligned(2);
union r232 { long double m0 __packed; };
union r233 { int : 0; char m1; } __packed __aligned(2);
union r234 { double m0[2][2]; void * m1[3]; } __packed __aligned(2);
struct r235 { long m0[3] __packed; struct { char : 0; u8 m3 : 5; } __packed ; enum re m4 __packed; };
union r236 { char m0 : 3; s64 m1 : 39; };
struct r237 { s64 m0 : 10; int m1 : 11; u8 m2 : 3; short m3 : 13; enum re m4 : 32; };
struct r238 { long double m0; unsigned m1 : 20; union { union { short m4 : 7; struct { short m6 : 4; } __packed ; int m7; enum re m8; } ; u64 : 26; } __packed m2[2]; long m10 : 22; };
struct r239 { u16 m0 : 9; long m1 : 18; enum re m2 : 21; enum re m3 : 28; char m4 : 5; long m5 : 10; long m6 : 4; } __aligned(32);
union r240 { unsigned : 0; char m1; long m2 : 3; };
struct r241 { double m0 __packed __aligned(2); } __packed;
union r242 { enum re m0 : 20; enum re m1; bool m2 __aligned(8); struct { int m4[3]; char m5; char m6; } __packed m3; float m7[2][2] __packed; } __packed __aligned(2);
#pragma pack(push, 8)
struct r243 { s64 m0 : 38; };
#pragma pack(pop)
struct r244 { short m0; bool m1 : 1; short m2; char m3; short m4; short m5; void * m6[3] __aligned(8); };
struct r245 { float m0; };
struct r246 { union { union { void * m2[2][2] __packed __aligned(2); } ; enum re m3 : 30 __packed; } ; bool m4 : 1; enum re m5; unsigned : 0; bool m7 : 1; };
struct r247 { long : 0; union { union { bool m3 __aligned(8); u8 m4 : 6; char : 0; } ; double m6[3]; long m7; } m1[2]; unsigned m8 : 21; short m9; void * m10 __packed; } __aligned(4);
union r248 { struct { char m1 : 7; double m2; union { long m4[3]; struct { char m6; u8 m7 : 2; } ; long m8[3] __aligned(8); size_t m9; void * m10[2][2] __aligned(8); long m11 __aligned(8); } m3; } __packed m0[2]; u16 : 11; int m13[3]; unsigned m14 : 4 __packed; u8 m15 : 5; long m16; } __aligned(4);
struct r249 { short m0; u16 m1 : 3 __packed; int m2; short m3; u64 m4 : 27; union { long m6 : 23; union { bool m8 : 1; } m7[2]; u64 m9 : 42; u8 m10 : 8; bool m11 : 1; union { long : 0; enum re m14 : 28; enum re m15 : 20; void * m16 __packed __aligned(2); } ; long m17; } ; u64 : 1; };
struct r250 { void * m0[2][2] __packed __aligned(2); };
union r251 { double m0[2][2]; u64 : 37; u8 : 0; struct { s64 m4 : 61 __packed; long double m5; long double m6[2][2]; u16 m7 : 9; int m8 __aligned(8); long m9; } m3; int m10 : 32; } __packed __aligned(2);
struct r252 { union { enum re m1 __packed __aligned(2); enum re m2 : 32; u64 m3 : 48; union { int m5 : 9; u64 m6 __packed __aligned(2); int m7 : 1; int m8 : 30; u64 m9 : 50; float m10 __aligned(8); } __packed ; u16 : 0; u16 m12 : 3; char m13; } ; } __aligned(32);
struct r253 { u16 m0 : 8; enum re m1 : 16; int m2[3]; u64 m3 : 64 __packed; short : 9; };
struct r254 { double m0 __packed; s64 m1 : 7; int m2 : 16; char : 1; short m4; long m5 : 13; struct { s64 : 0; int m8 : 29; enum re m9 __packed __aligned(2); u64 m10; enum re m11 : 1; } ; } __aligned(4);
struct r255 { bool m0 : 1; unsigned m1 : 22; u16 m2 : 6; u64 m3 : 34; s64 m4 : 54; };
struct r256 { long : 0; unsigned m1 : 29 __packed; enum re m2 : 3; };
#pragma pack(push, 1)
struct r257 { u16 m0; u64 m1[2][2]; } __packed;
#pragma pack(pop)
struct r258 { u16 m0 : 7; } __packed;
struct r259 { struct { long m1 : 30; union { char m3 __packed __aligned(2); long m4 __packed; bool m5 : 1 __packed; bool m6 : 1; float m7; } __packed ; struct { unsigned m9 : 25; u16 : 9; } m8; s64 : 57; short m12; int m13 : 18; } ; };
struct r260 { char m0; size_t m1[3]; double m2; double m3[3] __packed; u64 m4 : 24; char m5[2][2] __aligned(8); } __aligned(32);
struct r261 { long m0 : 25; };
struct r262 { short m0 : 15; };
struct r263 { char m0; u64 m1 : 57; bool m2[3] __packed __aligned(2); u16 m3[3] __packed __aligned(2); } __packed;
#pragma pack(push, 1)
struct r264 { int m0[3]; struct { void * m2 __aligned(8); long m3[2][2] __packed __aligned(2); } m1; };
#pragma pack(pop)
struct r265 { enum re : 28; enum re m1 : 28; long double m2[2][2] __packed; long double m3 __packed; };
union r266 { short : 0; struct { char m2 : 4; short m3 : 12; long double m4 __packed; char m5 : 7; } ; union { long m7; u16 m8[3] __packed __aligned(2); short m9; union { short m11; bool m12 : 1; } __packed ; void * m13 __aligned(8); char m14 : 7; s64 m15 : 16; } __packed ; char m16 : 2; };
struct r267 { enum re m0 : 1; short m1; s64 m2 : 33; bool m3; };
struct r268 { union { u16 m1 : 2; struct { u64 m3 : 54; u64 m4 : 6; union { u8 m6 : 5 __packed; } m5[2]; } ; short m7 __packed __aligned(2); unsigned : 11; u8 m9 : 2; char m10; } m0[2]; struct { u8 m12 : 4; short m13 : 12; long m14; } m11[2]; long double m15[2][2]; void * m16[2][2] __packed __aligned(2); unsigned m17 : 4; } __aligned(4);
struct r269 { s64 m0 : 35; char m1[3]; u64 m2 : 16; char m3[3]; };
struct r270 { int m0[2][2]; bool m1 : 1; s64 m2 : 40 __packed; short m3; } __packed __aligned(2);
union r271 { short m0[2][2]; short m1 : 10; short m2[2][2] __packed __aligned(2); } __aligned(32);
union r272 { struct { u64 m1 : 61; } m0; };
struct r273 { long m0 : 7; short m1; struct { short m3 : 11; unsigned m4 : 16; double m5 __packed __aligned(2); u64 m6 : 35; } ; struct { bool m8 : 1; int m9[3] __aligned(8); struct { bool m11 : 1; struct { char : 7; } __packed ; u16 m14 : 2; u16 : 11; } __packed m10[2]; } __packed m7; unsigned m16 : 11; bool m17[2][2] __packed __aligned(2); } __packed;
union r274 { float m0; u16 m1 : 11; };
union r275 { u16 m0; long m1; char m2[2][2]; u64 m3 : 25; union { unsigned m5 : 22; } ; s64 m6 : 1; u8 m7 : 7; };
struct r276 { struct { u16 m1 : 15; char m2; size_t m3[3]; u64 m4; char m5 __packed __aligned(2); enum re m6[2][2] __packed __aligned(2); } __packed ; union { short m8; } m7[2]; bool m9 : 1; } __packed __aligned(2);
struct r277 { enum re m0 : 6; int m1[2][2]; char m2; } __aligned(4);
struct r278 { u8 : 0; enum re m1 : 12; enum re m2[2][2]; enum re m3 : 8; bool m4 : 1 __packed; struct { struct { struct { short m8; } __packed m7; } __packed m6[2]; unsigned m9 : 1; union { struct { short m12; char m13; bool m14 : 1; void * m15 __aligned(8); } __packed m11; struct { char m17; short m18; char m19; short m20; } ; } ; u8 m21 : 6; } ; short m22; };
union r279 { float m0 __packed; long m1[3] __packed __aligned(2); };
#pragma pack(push, 1)
struct r280 { u16 m0 : 8; };
#pragma pack(pop)
struct r281 { union { char : 0; } __packed ; size_t m2 __aligned(8); u64 m3 : 13; bool m4 __packed __aligned(2); };
struct r282 { s64 m0 : 37; };
struct r283 { long : 2; };
struct r284 { long double m0; long double m1; char m2 __packed __aligned(2); int m3; union { s64 m5 : 44; char : 0; long : 0; enum re m8 : 32; u8 : 0; } ; u16 m10 : 12; u64 m11 : 47; } __packed;
struct r285 { unsigned m0 : 32; char : 6; long m2 : 7; char m3; };
union r286 { u64 m0 : 11; short m1; enum re m2 : 32 __packed; int : 0; };
struct r287 { union { struct { char m2 : 1; struct { u16 : 6; bool m5 : 1; u64 : 2; char m7[2][2]; } m3[2]; int m8; } __packed m1; s64 m9 : 30; char m10[3] __packed; long : 0; u64 : 0; short : 8; } m0; struct { int m15 : 29; char m16 : 1; short m17; long double m18 __packed __aligned(2); bool m19; union { unsigned m21 : 11 __packed; } m20[2]; } m14; bool m22 : 1; void * m23 __aligned(8); enum re m24 : 20; u8 m25 : 7; union { long double m27[3]; union { bool m29; long m30 : 27; short m31; bool m32 : 1; unsigned m33 : 5; float m34[2][2]; enum re m35[2][2]; } ; short m36; char m37; short m38; } __packed ; } __packed;
struct r288 { short m0 : 6; u8 m1 : 4; char m2; char m3; union { short m5 : 8; } m4[2]; } __packed;
struct r289 { s64 m0 : 39; long m1 : 32; char m2 : 3; short : 0; long m4; u64 m5 : 6; } __packed __aligned(2);
struct r290 { u64 m0 : 11; s64 m1 : 21; union { short m3; u64 m4; } ; unsigned m5 : 2; } __packed;
union r291 { struct { u16 m1 : 12; short m2; long m3[2][2]; u8 m4 : 5; } __packed m0[2]; u8 m5 : 3; u8 m6 : 6; u8 m7 : 4 __packed; enum re m8 : 10; u16 m9 : 2; s64 m10 : 6; } __aligned(4);
struct r292 { char m0; };
struct r293 { char m0; bool m1[2][2]; long m2; long m3 : 12; };
struct r294 { s64 m0 : 30; };
#pragma pack(push, 8)
struct r295 { struct { char m1[3]; char m2 : 6; char m3; int m4 : 7; int m5 : 7; } ; short m6; char m7 : 3 __packed; u16 m8 : 1; unsigned m9 : 3; char m10; char m11 : 3; };
#pragma pack(pop)
union r296 { float m0; char m1; u8 : 5; } __aligned(32);
struct r297 { short m0; };
struct r298 { short : 15; };
struct r299 { short m0; size_t m1; enum re m2 __aligned(8); union { enum re m4[3]; char m5; short m6 : 4; struct { s64 m8 : 10; char m9; s64 m10 : 42; short m11 : 10; bool m12 : 1; short m13; short m14[2][2]; } __packed m7; void * m15 __packed __aligned(2); } __packed m3; struct { u16 m17 : 14; union { char m19 : 7; int m20 : 13; bool m21; bool m22 : 1; } ; union { long m24 : 19; u64 m25 : 50; char m26; u16 m27[2][2] __packed __aligned(2); s64 : 8; u16 m29[2][2]; short : 4; } __packed m23[2]; } ; struct { struct { long double m33; union { long m35; long m36 : 8; bool m37[3]; enum re m38; short m39; short m40 __aligned(8); int m41 : 32 __packed; } __packed ; union { double m43[2][2]; } ; union { short m45; } ; unsigned m46 : 4; } ; } ; long m47 : 28; } __packed __aligned(2);
struct r300 { char m0 __packed; };
struct r301 { unsigned m0 : 20; union { s64 m2 : 20; short m3 : 6; size_t m4 __packed __aligned(2); short m5 : 15; } m1[2]; s64 : 0; u16 m7 : 13 __packed; long m8[3]; bool m9[2][2] __aligned(8); } __aligned(4);
struct r302 { union { void * m1[2][2]; union { u8 m3 : 5; } m2; } m0[2]; long double m4; int m5 : 25; } __packed;
struct r303 { s64 m0 : 16; };
struct r304 { short m0; int m1[3]; short m2; long m3 : 4; u8 m4 : 3; struct { short : 5; u8 m7 : 6; enum re m8[3]; char : 8; short m10; int m11 : 17; } ; } __packed;
struct r305 { union { long m1[3]; enum re m2 : 16; } m0; char m3; struct { long m5[2][2]; char m6; size_t m7 __packed __aligned(2); bool m8 : 1; struct { bool m10; short m11; short m12 : 12; } m9[2]; } __packed m4; int m13 : 3; void * m14; union { int m16 : 22; struct { u64 m18; s64 m19 : 28; char m20 : 3; long m21 : 12 __packed; enum re m22 : 25; s64 : 0; } ; unsigned m24 : 8 __packed; enum re m25[2][2]; u16 m26; char m27 : 4; u16 m28; } m15[2]; };
struct r306 { size_t m0 __packed; };
struct r307 { void * m0[2][2]; };
struct r308 { union { u8 m1 : 7; char m2[2][2]; u64 m3 : 24; short m4; } __packed m0[2]; short m5; long double m6[2][2]; enum re m7 : 25; short m8; u64 m9 __aligned(8); };
struct r309 { u64 m0 __aligned(8); u8 : 1; char : 6; long m3[3]; };
struct r310 { long m0 : 5; } __packed;
union r311 { char m0 : 1; };
struct r312 { u16 m0 : 3; u16 m1 : 6; bool m2 : 1; unsigned m3 : 22 __packed; long double m4; bool m5[2][2]; char : 1; };
#pragma pack(push, 2)
struct r313 { u64 m0 : 58 __packed; short m1; s64 : 0; u16 m3; long double m4[2][2] __aligned(8); u8 m5 : 5; struct { s64 m7 : 13; enum re m8 : 32; enum re m9 : 6; int m10 __packed; } __packed ; };
#pragma pack(pop)
struct r314 { bool m0 : 1; long : 17; union { char m3; struct { enum re m5 : 2; } m4; u16 m6[2][2]; u16 m7 : 2; bool m8 : 1; u64 m9 : 59 __packed; } m2; u8 m10 : 7; short m11; u16 m12 : 15; void * m13[3]; } __packed __aligned(2);
union r315 { size_t m0; short m1[2][2]; u16 : 0; int m3 : 20; void * m4; enum re m5 : 5; size_t m6[2][2]; };
union r316 { s64 m0 : 36; short m1; short m2; char m3; long double m4 __packed; struct { char m6 : 1; long m7 : 14; union { u64 m9; bool : 0; unsigned m11 : 10; union { short m13; } ; char m14; float m15; long m16 : 20; } m8; long m17 : 24; } __packed ; };
struct r317 { long double m0[2][2]; long double m1[2][2]; union { short m3[3] __packed; u8 m4 : 7; unsigned m5 : 27; char m6[2][2] __packed __aligned(2); } __packed ; char m7 : 4; };
union r318 { int m0 : 2; unsigned m1 : 24; double m2 __packed __aligned(2); int m3[2][2] __aligned(8); union { bool : 0; void * m6 __packed; enum re m7 : 11 __packed; enum re m8 : 31; long m9 : 1; } ; long m10 : 2; } __packed;
struct r319 { enum re m0; long m1 : 32; char : 0; };
struct r320 { struct { u16 m1 : 13; long double m2; enum re m3[3]; char m4 : 6; } m0[2]; long m5 __packed __aligned(2); u64 m6; };
struct r321 { long m0 : 27; enum re m1 : 18; u16 m2 : 9; double m3[3] __packed __aligned(2); };
struct r322 { long m0 : 11; u64 : 0; u64 m2 : 61; };
union r323 { char m0; union { long m2 : 2; u16 m3; long m4 : 14; } m1; double m5; short m6 : 13 __packed; enum re m7 : 15; u64 m8; short m9; } __aligned(4);
struct r324 { union { bool m1 : 1; char m2; float m3[2][2] __aligned(8); } ; int m4 : 5; };
union r325 { char m0; short m1; u16 m2[2][2] __packed __aligned(2); short m3; size_t m4[3]; char m5[3]; } __aligned(4);
struct r326 { char m0; void * m1; short m2; };
struct r327 { long m0[2][2]; long m1 : 12; enum re m2 : 11; u16 m3[3] __aligned(8); long m4[3] __packed __aligned(2); } __packed;
struct r328 { long double m0[2][2]; struct { enum re m2; unsigned : 0; size_t m4; union { s64 m6 : 33; long m7 : 7; short m8; } ; short : 0; enum re m10 : 24; struct { short m12; u64 : 0; struct { u8 m15 : 2; u16 m16 __aligned(8); u8 m17 : 3; enum re : 3; } __packed ; } m11; } m1[2]; };
struct r329 { int m0[2][2]; u64 m1 : 7; short : 4; unsigned m3 : 12 __packed; s64 m4 : 47; enum re m5 : 22; union { char m7[3]; char m8 : 2; } __packed ; };
struct r330 { long m0 : 14; struct { u8 m2 : 6; } m1[2]; size_t m3 __aligned(8); size_t m4[3]; };
struct r331 { struct { unsigned m1 : 16; enum re m2 : 5; short m3; char m4 : 8; enum re m5 : 17; char m6[2][2] __aligned(8); } m0[2]; char m7; union { size_t m9 __aligned(8); short m10; } __packed m8; void * m11 __aligned(8); u8 m12 : 8; union { union { long m15 : 25; void * m16 __aligned(8); u64 m17 __packed __aligned(2); u16 m18 : 15; short m19; } m14[2]; void * m20[2][2]; char m21; u8 m22 : 2; short m23; s64 m24 : 50; } ; double m25[2][2]; };
struct r332 { s64 m0 : 41; long double m1[3]; size_t m2 __packed; long m3 : 21 __packed; } __aligned(4);
struct r333 { u8 m0 : 4 __packed; enum re m1 : 23; };
union r334 { bool m0 : 1; void * m1[3]; void * m2 __aligned(8); long m3[2][2] __aligned(8); } __packed __aligned(2);
union r335 { short m0; };
struct r336 { float m0[3] __aligned(8); union { bool m2; union { short m4; u16 : 0; short m6; } __packed m3[2]; long m7 : 9; size_t m8[2][2]; s64 : 0; double m10 __aligned(8); } ; char m11; double m12[3]; struct { u64 m14 : 38; void * m15; } ; long double m16; u16 m17 : 11; };
struct r337 { double m0[2][2]; } __packed __aligned(2);
#pragma pack(push, 8)
struct r338 { char : 0; double m1 __packed __aligned(2); size_t m2; struct { union { union { size_t m6; char m7; char m8 : 5; } m5; } m4[2]; char m9 : 3; } ; u16 m10 : 8 __packed; } __aligned(32);
#pragma pack(pop)
struct r339 { bool m0 : 1; char m1; long m2 : 13; } __aligned(4);
struct r340 { long m0 : 21; long m1 : 2; u8 m2 : 5; bool m3 : 1; char m4; };
struct r341 { long m0 : 23; long m1; char m2; };
struct r342 { void * m0; unsigned : 0; short m2; u16 m3; } __packed __aligned(2);
struct r343 { unsigned : 28; enum re m1[3]; u16 m2; s64 m3 : 61; };
struct r344 { size_t m0[2][2] __packed; unsigned m1 : 25; enum re m2[3]; short m3[3] __aligned(8); } __aligned(4);
struct r345 { s64 m0 : 29; short m1[3]; u16 m2 : 9; bool m3 : 1; } __packed;
union r346 { struct { unsigned m1 : 27; bool m2 : 1; int m3; } m0[2]; char m4 : 4; enum re m5 : 10; union { u16 m7 __aligned(8); long double m8[2][2]; bool : 0; u64 m10 : 61; char m11; struct { struct { short m14; short m15; s64 m16 : 37; short m17; double m18; char m19; char m20 : 6; } ; short m21; enum re m22; float m23 __packed __aligned(2); enum re m24 : 6; int m25 : 17; } __packed m12; u8 m26 : 2; } __packed ; char m27; } __aligned(32);
union r347 { short m0; u8 m1 : 7; } __aligned(4);
struct r348 { short m0[2][2] __packed; char m1; };
struct r349 { enum re m0 : 4; char m1; void * m2[2][2]; };
struct r350 { u64 m0; u16 m1; enum re m2 : 4; u64 m3; struct { unsigned m5 : 27; u8 m6 : 8 __packed; enum re m7 : 8; u64 m8 : 2; int m9 : 1; void * m10; enum re m11[3] __packed __aligned(2); } __packed ; int m12; } __packed __aligned(2);
struct r351 { union { short : 9; void * m2[3]; struct { enum re m4 : 32; long : 10; short m6; int : 0; s64 m8 : 10; union { char m10; char m11; char m12; float m13[2][2] __aligned(8); u16 m14; } m9; unsigned m15 : 18; } ; struct { char m17; short m18; enum re m19 : 28; int m20 : 18; bool m21[2][2]; union { s64 m23 : 51; void * m24 __packed; } m22[2]; } __packed m16[2]; u8 m25 : 4; long m26; bool m27 : 1; } __packed m0[2]; };
struct r352 { s64 m0 : 34; unsigned m1 : 10; float m2[3]; long m3[3]; long m4 : 10 __packed; } __aligned(32);
struct r353 { bool m0 : 1; float m1[3]; long : 27; size_t m3[2][2]; enum re m4[3] __aligned(8); short m5; } __packed;
#pragma pack(push, 4)
struct r354 { int m0 : 14; u64 m1 __packed __aligned(2); };
#pragma pack(pop)
struct r355 { long m0; long m1 : 29; u16 m2 : 4; };
struct r356 { float m0; long m1 : 13; char m2; char m3; short m4; u64 m5 __packed; };
union r357 { u16 m0 : 9; double m1[2][2]; char m2; double m3[2][2]; short m4 : 7; u16 : 0; union { char m7[2][2] __packed; long m8 : 12; u16 m9 : 7; } ; };
struct r358 { long double m0[3] __packed __aligned(2); enum re m1 __packed; char m2; union { union { short m5; union { char m7[2][2]; u8 m8 : 6; bool m9; u8 m10 : 2; char m11; float m12 __packed __aligned(2); } __packed m6; enum re m13 : 7; u64 m14 : 25; u64 m15 : 47; struct { short m17; } __packed m16[2]; int : 0; } __packed m4[2]; int m19 : 15 __packed; } m3; float m20; } __packed;
struct r359 { unsigned m0 : 20; short m1 : 3; u16 m2 : 12; bool m3 : 1; short m4; float m5; } __packed __aligned(2);
struct r360 { long : 0; long m1 : 9; struct { char m3 : 8; s64 : 58; long m5; short m6 : 4; } ; bool m7; int : 5; int : 0; char m10[3]; };
struct r361 { char m0; short : 16; bool : 1; void * m3; };
struct r362 { bool m0 : 1; } __aligned(32);
struct r363 { bool : 1; long : 2; int m2 : 8; char m3 : 4; enum re m4 : 15; size_t m5 __packed __aligned(2); };
struct r364 { char m0; int m1 : 28; u16 m2 : 13; long m3[3]; short m4 : 9; union { enum re m6[3] __packed; float m7 __aligned(8); u8 m8 : 6; bool : 0; } ; union { union { short m12 : 6 __packed; float m13[3] __packed; long : 4; size_t m15[3]; bool m16 : 1; } m11[2]; } __packed m10; } __aligned(4);
#pragma pack(push, 8)
union r365 { size_t m0 __packed __aligned(2); s64 m1 : 58; size_t m2[2][2] __aligned(8); long m3 : 9; short m4; enum re m5 : 22; enum re m6 : 14; } __packed;
#pragma pack(pop)
union r366 { long m0 : 20; long m1 __packed __aligned(2); char m2; union { enum re m4 : 15; union { char m6; char m7 : 7; struct { long m9 : 16; char m10; } __packed ; enum re m11 : 26; int m12; } m5[2]; u8 m13 : 5; } ; char m14; short m15; } __packed __aligned(2);
struct r367 { char : 0; char m1[3]; union { s64 m3 : 56; short m4; union { u16 m6 : 4 __packed; s64 m7 : 29; char m8; char m9 : 6; } ; long m10 __aligned(8); void * m11[3]; } m2[2]; };
struct r368 { long m0 : 23; char m1; };
struct r369 { short m0; short : 0; bool m2 : 1; double m3[2][2] __packed __aligned(2); short m4 : 8; struct { long m6 : 29; struct { size_t m8; } __packed m7[2]; float m9; short m10 : 2; u16 m11 : 3; } __packed m5; long double m12; };
struct r370 { union { struct { size_t m2; struct { int m4 : 24; short m5; u16 m6 __packed __aligned(2); u64 m7[2][2] __packed __aligned(2); s64 m8 : 48; short m9; } __packed m3; union { bool m11[2][2]; enum re m12 : 20 __packed; int m13 : 2; } ; short m14 : 8; u16 : 0; bool m16 : 1; double m17[3] __packed __aligned(2); } __packed ; } __packed ; long m18 : 12; int m19 : 13 __packed; };
union r371 { u8 : 5; u16 m1 : 12; } __packed __aligned(2);
struct r372 { union { struct { s64 m2 : 36; char m3; bool m4; char m5; struct { u16 m7 : 5; int : 1; short m9; bool : 0; u16 m11[3]; } __packed ; } m1; u8 : 5; void * m13; short m14 : 16; struct { char m16; u64 m17 __packed; } __packed m15[2]; int : 0; } m0[2]; short : 0; struct { char m21 : 5; } m20[2]; unsigned m22 : 31 __packed; u64 m23 : 40; struct { struct { unsigned m26 : 14; u16 : 0; enum re m28[3]; union { short m30 : 2; bool m31 __aligned(8); } m29; enum re m32[2][2]; } m25; union { int m34 : 15; enum re m35 : 17 __packed; } m33[2]; char m36 : 5; char : 5; bool m38; } __packed m24; enum re m39 : 5; } __aligned(4);
struct r373 { u16 m0 : 7; u8 : 0; size_t m2; short m3; u16 m4 : 12; short m5; short m6; } __aligned(4);
struct r374 { u64 m0 : 28; char m1 : 6; u64 m2 __packed; };
union r375 { bool m0 : 1; struct { s64 m2 : 18; short m3; struct { s64 : 0; u8 m6 : 6; union { char m8 : 2; char m9; double m10[3]; } __packed ; } __packed ; u8 m11 : 5; bool m12 : 1; } ; struct { union { char m15[2][2]; int m16[3]; } ; struct { struct { short m19; u64 m20 : 2; char m21; short m22; short m23; u64 m24 : 50; } __packed m18[2]; char : 0; enum re m26 __packed; u64 m27 : 31; long m28 : 5; enum re m29 : 27; } __packed m17; union { float m31; enum re m32 __packed; unsigned m33 : 4; short m34 : 14; long m35 : 12; s64 m36 : 19; } __packed m30; } ; struct { enum re m38 : 26; long : 10; u16 : 16; u16 m41[2][2] __packed; } m37; u16 m42 : 2; enum re m43 : 11; u8 m44 : 6; } __packed;
#pragma pack(push, 2)
struct r376 { u64 m0 : 27; };
#pragma pack(pop)
struct r377 { enum re m0 : 6; enum re m1 : 13 __packed; void * m2; double m3; bool m4 : 1; u64 m5 : 62 __packed; };
struct r378 { u8 m0 : 5; short m1 : 3; char m2; char m3; bool m4 : 1; } __packed __aligned(2);
union r379 { short m0; enum re m1 : 2; double m2[2][2]; union { int : 2; enum re m5; size_t m6 __aligned(8); s64 m7 : 56; enum re m8[2][2] __packed __aligned(2); short m9 : 14; long m10 : 5; } __packed ; short m11; u16 m12[2][2] __packed __aligned(2); u64 m13 : 29; } __aligned(4);
struct r380 { bool m0[3]; } __aligned(4);
#pragma pack(push, 8)
union r381 { enum re m0 : 19; enum re m1; struct { enum re : 0; union { char m5[3] __packed; float m6[2][2]; u16 m7[3] __packed __aligned(2); bool m8 : 1; long m9 __packed __aligned(2); } __packed m4; } ; short m10 : 6; long m11 : 20; };
#pragma pack(pop)
struct r382 { u16 m0 : 3; u8 m1 : 7; int m2 : 10; union { struct { struct { char m6; } ; s64 m7 : 17; char m8 : 4; } ; struct { float m10[2][2] __packed; long : 0; bool m12; short m13 : 9; u8 m14 : 7; } ; bool m15 : 1; } ; };
struct r383 { s64 m0 : 63; struct { char m2; struct { bool m4[2][2]; char m5 : 8; int m6 : 8; bool m7 : 1; double m8; u16 m9 : 3; } ; char : 0; u16 m11 : 11; long : 25; int m13[3]; } __packed m1; unsigned m14 : 8 __packed; } __packed;
struct r384 { short : 1; u64 m1 __packed __aligned(2); enum re m2 __packed; int m3[3] __aligned(8); char m4 : 4; union { long m6 : 14; size_t m7[2][2] __packed __aligned(2); short m8; u64 m9 : 3; enum re m10 __aligned(8); } m5[2]; } __aligned(4);
#pragma pack(push, 1)
struct r385 { unsigned m0 : 19 __packed; enum re m1; u64 m2 : 27; void * m3; long : 0; u64 m5 : 12; struct { short m7; struct { int m9 : 9; enum re m10 __packed; char m11; char m12; u8 m13 : 5; } m8; long : 0; float m15 __packed; unsigned m16 : 3; long m17[3]; } __packed m6[2]; } __aligned(4);
#pragma pack(pop)
union r386 { struct { long m1[3] __packed; long m2 : 15; u64 : 0; short m4 : 9; struct { u64 m6 __aligned(8); } m5; u64 m7[3]; int m8 : 30; } m0; char m9; size_t m10[2][2] __aligned(8); short m11 : 6; } __packed;
struct r387 { enum re m0 : 8; short m1; char m2; };
struct r388 { union { short : 5; char m2 __aligned(8); u8 m3 : 1; enum re m4; char : 2; size_t m6[3] __packed __aligned(2); } __packed ; unsigned m7 : 13; char m8 : 7; char m9 : 3; } __packed;
struct r389 { float m0[2][2] __packed; s64 m1 : 32; void * m2[2][2] __packed __aligned(2); } __aligned(4);
struct r390 { enum re : 0; enum re m1 : 25; short m2; u64 m3 : 55; struct { u8 m5 : 8 __packed; long m6 : 14; long m7 : 3; float m8; } ; };
union r391 { unsigned m0 : 25; };
struct r392 { size_t m0[3]; } __packed;
struct r393 { char m0; short m1 __packed; u64 : 29; double m3[2][2]; short m4; char m5[2][2] __aligned(8); s64 m6 : 1; } __packed __aligned(2);
struct r394 { long m0 : 23; short m1 __packed __aligned(2); int m2 __packed; bool m3; size_t m4[3] __packed; enum re m5; };
struct r395 { short m0 : 7; u64 m1[3]; u8 : 5; long : 0; } __aligned(4);
struct r396 { bool : 0; struct { unsigned m2 : 28; short m3[3]; } m1[2]; unsigned : 0; long m5 : 25; union { char m7[2][2] __aligned(8); } m6[2]; };
struct r397 { char m0; enum re : 0; char m2; bool m3 : 1; } __aligned(32);
struct r398 { union { int : 0; bool m2 : 1; short m3 : 11; enum re m4[2][2]; } ; enum re m5 : 28; s64 m6 : 41; short m7; struct { enum re m9 __packed __aligned(2); union { char m11 __packed __aligned(2); enum re m12[3]; } ; short m13; size_t m14[3] __packed __aligned(2); bool : 1; bool : 0; enum re m17 : 30 __packed; } ; } __aligned(4);
union r399 { union { u64 m1 : 47 __packed; size_t m2[2][2] __packed; enum re m3 __packed __aligned(2); u8 : 6; union { double m6 __aligned(8); long double m7[2][2]; struct { char m9; int m10[3]; enum re m11[2][2]; } __packed m8[2]; short m12[3]; u8 m13 : 1; union { u8 m15 : 1; char m16; int m17[2][2] __packed; } ; } m5; s64 m18 : 3; double m19; } ; } __packed __aligned(2);
union r400 { short m0 : 5; } __aligned(4);
struct r401 { enum re m0; struct { u64 m2 : 29; int m3 : 18 __packed; u8 m4 : 5; int m5 : 2; } ; } __packed __aligned(2);
struct r402 { u8 m0 : 6 __packed; };
struct r403 { size_t m0[2][2]; bool : 1; void * m2; struct { struct { char m5; short m6 : 12; } m4; size_t m7 __packed __aligned(2); unsigned : 1; char m9; } ; } __aligned(4);
struct r404 { union { bool m1[2][2] __packed __aligned(2); u64 m2 __aligned(8); bool : 0; void * m4[2][2]; struct { char m6[3]; union { s64 m8 : 11; char m9; char m10; } ; double m11; long double m12; u64 : 0; long m14 : 32; } ; long double m15 __packed; u8 m16 : 4; } ; enum re m17 : 9; struct { s64 : 22; long m20[2][2]; } m18[2]; } __aligned(32);
struct r405 { u16 m0 : 10; short m1; char m2; int m3 : 12; } __aligned(32);
struct r406 { unsigned m0 : 12 __packed; u16 m1 : 8; u16 m2 : 11; int : 2; long double m4; u64 m5; } __packed __aligned(2);
union r407 { struct { u16 m1 __packed; union { u8 m3 : 7 __packed; s64 m4 : 37; char m5 : 6 __packed; struct { int m7; int m8 : 12; u64 m9[2][2] __packed; short m10 : 3; } __packed m6[2]; union { short m12 : 14; } ; char m13 : 7; } m2; double m14[3]; short m15 : 4; int m16 __packed; size_t m17; unsigned m18 : 6; } m0[2]; u16 m19; long double m20; double m21; };
struct r408 { enum re m0 __aligned(8); long m1 __aligned(8); short m2 : 10; u64 m3 : 8; s64 m4 : 9; };
struct r409 { short m0 : 1 __packed; size_t m1; };
#pragma pack(push, 2)
struct r410 { char m0[3] __packed; u64 m1 : 44; short m2; bool m3; u16 m4 : 1; bool m5 __packed; };
#pragma pack(pop)
struct r411 { short m0; bool m1 : 1; u64 : 0; long double m3; short m4 : 6; short m5 : 3 __packed; double m6; };
struct r412 { enum re m0 : 12; int m1[2][2] __packed; u64 m2 : 58; int m3 : 25; short m4; double m5 __packed __aligned(2); };
struct r413 { union { u64 m1[3] __aligned(8); char m2; struct { s64 m4 : 57; int m5 : 1; short m6; union { short m8 : 13; short m9; } ; char m10 : 6; double m11; } __packed m3[2]; union { short m13; struct { float m15 __aligned(8); } m14[2]; char m16 : 5; s64 m17 : 34; void * m18; } ; char m19; } ; short m20 : 4; short m21; } __aligned(32);
#pragma pack(push, 8)
struct r414 { struct { struct { short m2 : 3; s64 m3 : 39; void * m4 __packed __aligned(2); } __packed ; enum re m5 : 4; } ; int m6 : 23; } __aligned(4);
#pragma pack(pop)
struct r415 { bool m0 : 1; u8 m1 : 4 __packed; };
struct r416 { short m0; u8 m1 : 1; } __aligned(4);
struct r417 { bool m0 : 1; u16 : 0; u16 m2 : 4; } __aligned(32);
struct r418 { u8 m0 : 6; short m1 : 4; long m2; s64 : 12; };
struct r419 { double m0[3] __packed; };
struct r420 { struct { int m1 : 32; } __packed m0[2]; s64 m2 : 6; short m3; u8 : 0; struct { enum re m6 : 4; void * m7; long m8; } __packed ; unsigned m9 : 29; char m10 : 3; } __packed __aligned(2);
struct r421 { char m0; long m1 : 23 __packed; short m2; };
struct r422 { u8 m0 : 6; char m1[2][2]; int m2[2][2]; unsigned m3 : 32; short : 0; };
union r423 { enum re : 16; char m1; float m2[3]; char m3; bool m4 : 1; u16 m5 : 15; };
struct r424 { u64 : 0; union { u64 : 0; char m3 : 4; struct { s64 m5 : 12; int m6; short m7[2][2] __aligned(8); } ; char m8 : 6; u16 m9 : 1; short m10; } m1[2]; enum re m11 : 28; void * m12; } __packed;
struct r425 { long m0 : 21; };
struct r426 { double m0[3]; short m1 : 5; union { u16 m3 : 12; char m4; char m5 : 6; } __packed m2[2]; short m6; } __packed;
union r427 { long double m0 __packed __aligned(2); short m1; } __aligned(32);
struct r428 { enum re m0[2][2]; unsigned m1 : 31; };
struct r429 { u8 m0 : 7; short m1; bool m2[2][2] __packed; char m3; size_t m4 __packed __aligned(2); bool m5[2][2]; float m6[2][2] __packed; } __aligned(32);
union r430 { struct { u8 m1 : 1; char m2; char m3; } m0[2]; long m4 : 10; u16 m5 : 16; union { char m7; float m8; } m6[2]; union { short m10; struct { enum re m12 : 20; union { long m14 : 22; void * m15; char m16 : 5; short m17; char m18; } ; unsigned : 26; } ; u64 m20 : 49; unsigned : 17; } m9[2]; char m22 : 6; } __packed __aligned(2);
union r431 { bool m0[3] __aligned(8); long m1 : 9 __packed; } __aligned(4);
struct r432 { struct { float m1; s64 m2 : 37 __packed; size_t m3; char m4 : 6; short m5; } m0; bool m6[3] __packed; long m7 : 24; enum re m8 : 22; int m9[3]; int m10 : 3; int m11 : 5; } __packed;
struct r433 { short m0; u16 m1 : 12 __packed; enum re m2 : 8; enum re m3 : 13; struct { void * m5 __aligned(8); unsigned m6 : 3; enum re m7 : 18; u64 m8 : 20; long m9 : 11; size_t m10 __packed; long double m11 __packed __aligned(2); } ; enum re m12 : 22 __packed; enum re m13; } __packed __aligned(2);
#pragma pack(push, 2)
struct r434 { u8 m0 : 1; char m1; void * m2[3]; struct { struct { union { size_t m6[3] __packed __aligned(2); u8 : 1; short m8; short m9; } ; u64 : 0; char m11; unsigned m12 : 28; u64 m13 : 64; int m14; } m4[2]; unsigned m15 : 17; u64 m16; enum re m17 : 16; char m18; s64 m19 : 61; } ; } __aligned(32);
#pragma pack(pop)
struct r435 { char m0; short m1; } __aligned(32);
struct r436 { char m0; bool : 1; };
struct r437 { struct { int m1 : 28; short m2; union { u16 m4 : 9; enum re m5; } m3[2]; union { size_t m7; u8 : 7; char m9 __packed; union { char m11; short m12; char m13; short m14 : 16 __packed; } __packed ; union { char m16; char m17; size_t m18 __packed; } __packed ; } m6[2]; u8 m19 : 5 __packed; float m20 __aligned(8); } m0[2]; char m21 : 6; struct { char m23[2][2]; struct { u16 m25; char m26; long m27 __packed __aligned(2); u8 m28 : 4; short m29 : 13; unsigned m30 : 24; } m24[2]; } m22; u64 m31 : 37; } __aligned(32);
struct r438 { struct { struct { double m2[2][2]; union { s64 : 35; char m5; } ; } __packed m1; int m6 : 5; short m7; double m8[3]; unsigned m9 : 3; long : 30; } m0; u64 : 0; char m12; struct { long m14[2][2] __aligned(8); struct { char m16 : 3; size_t m17 __packed; } m15[2]; float m18 __aligned(8); long m19; } __packed ; char m20; long double m21[3]; } __packed __aligned(2);
struct r439 { enum re m0 : 2 __packed; char m1; char m2 : 5 __packed; bool m3 : 1 __packed; u16 m4 __aligned(8); short m5 : 16; };
union r440 { bool m0 : 1 __packed; };
#pragma pack(push, 8)
union r441 { union { float m1 __aligned(8); long m2[2][2]; u8 m3 : 2; struct { unsigned m5 : 15; unsigned m6 : 26; bool : 1; u16 m8 __packed; } ; } m0[2]; u16 m9 : 4; enum re : 0; char m11 : 2; int m12 : 25; };
#pragma pack(pop)
struct r442 { bool m0; } __packed;
struct r443 { struct { union { s64 m2 : 24; } ; int m3[2][2] __packed __aligned(2); u16 m4 : 5; long double m5; short m6; u16 m7 : 4; } __packed m0; s64 m8 : 51; short m9 : 7; };
struct r444 { short m0 : 3; u8 m1 : 4; u16 m2 : 14; } __packed __aligned(2);
union r445 { char m0; u16 m1; enum re m2 : 3; };
struct r446 { s64 m0 : 64; unsigned m1 : 9; s64 m2 : 2; unsigned : 0; union { short m5 : 11; u64 m6 : 48; u16 m7 : 16; } __packed ; enum re : 17; struct { u8 m10 : 4; u64 m11[3] __packed; size_t m12; bool m13[2][2]; union { int m15 __aligned(8); } m14[2]; bool m16[2][2] __aligned(8); } ; };
union r447 { long m0 : 21; union { int m2 : 25; short m3 : 9; size_t m4[2][2] __packed __aligned(2); union { s64 m6 : 37; char m7; double m8 __packed __aligned(2); struct { float m10; } m9; u64 m11 : 35; } m5[2]; short m12; u8 m13 : 3; } ; struct { union { char m16 __aligned(8); short m17 : 16; short m18 : 8; unsigned m19 : 4; unsigned m20 : 4; void * m21[3]; } ; long double m22[2][2] __aligned(8); } ; int m23[3]; int : 15; int m25 : 22; } __packed;
struct r448 { long double m0; char m1 : 2; u64 m2 : 54; short m3 __packed; char m4; enum re m5 : 18; };
struct r449 { size_t m0; enum re : 23; struct { int m3 : 32; } __packed ; union { u16 m5 : 10; long m6 : 27; enum re : 8; } m4[2]; union { struct { bool m10 __aligned(8); char m11; bool m12 : 1; int m13[3] __packed; struct { short m15; unsigned m16 : 9; int m17[3]; float m18[3]; s64 m19 : 21; } __packed ; } m9[2]; u64 m20 : 47; s64 m21 : 44 __packed; union { unsigned m23 : 1; short m24; unsigned m25 : 31 __packed; union { int m27 : 26; short m28 : 2; char m29 : 1; enum re m30 : 15; bool m31 : 1; long m32; short m33; } __packed m26; } __packed m22[2]; bool m34[3] __packed __aligned(2); unsigned m35 : 31; u64 m36 : 16; } m8; union { long : 0; unsigned m39 : 24; float m40 __packed __aligned(2); short m41[2][2]; int m42 : 2 __packed; long double m43; short : 9; } ; } __packed;
union r450 { void * m0[2][2] __packed __aligned(2); u16 m1 : 2; struct { float m3 __packed __aligned(2); } m2[2]; s64 m4 : 62; unsigned m5 : 4; enum re m6[3]; } __aligned(32);
struct r451 { double m0; u64 m1 : 60 __packed; bool m2 __aligned(8); };
struct r452 { char m0; bool m1 : 1; };
struct r453 { int m0 : 17; enum re m1 : 15; u64 m2 : 34; short m3; short m4 : 15; } __packed;
struct r454 { bool m0 : 1; u16 m1 : 13; };
struct r455 { union { struct { float m2[3]; char m3 : 7; char m4 : 8; union { char m6; char m7; char m8; u8 m9 : 5; long m10 __aligned(8); } ; long m11 __packed; } ; char m12; u8 : 2; struct { u16 m15 : 4; u64 m16 : 20; } ; union { long m18 : 31; long double m19[2][2] __packed __aligned(2); } ; } m0; u8 m20 : 3; } __packed __aligned(2);
union r456 { double m0[2][2]; };
struct r457 { short m0 : 16; u64 m1 : 31; union { s64 m3 : 53; bool m4 : 1; s64 m5 : 14; enum re m6 : 19; } m2; bool m7; } __aligned(32);
struct r458 { bool m0 : 1; u64 : 32; };
struct r459 { char m0; s64 m1 : 18; u16 m2 : 16; char m3; };
union r460 { int m0 : 29; int m1; short m2 : 13; union { union { u64 m5; } m4[2]; struct { short m7; u64 m8 : 12; int m9 : 25; } __packed ; int : 0; enum re : 0; enum re m12; void * m13[2][2]; char m14; } m3[2]; };
struct r461 { size_t m0[2][2] __packed __aligned(2); bool : 0; union { char : 1; bool m4 : 1; short m5; unsigned m6 : 27; u64 m7 : 56; size_t m8; } ; u16 m9 : 13; s64 m10 : 56; short m11 : 4; float m12[3]; } __packed;
struct r462 { u8 m0 : 7; enum re : 0; void * m2; short m3; unsigned m4 : 10; };
#pragma pack(push, 2)
struct r463 { char m0 : 4; float m1[2][2]; enum re m2 : 23; short : 2; bool m4 : 1; struct { s64 m6 : 21; union { short m8 : 6; long m9 : 22; } __packed m7; } m5[2]; char : 3; } __packed;
#pragma pack(pop)
union r464 { long m0; int m1 : 16; unsigned m2 : 15; };
struct r465 { s64 : 53; union { u8 m2 : 2; short m3[2][2] __packed; union { char m5; void * m6; short m7 : 16; short m8; char m9 : 3; unsigned m10 : 24; } m4[2]; short m11; bool m12 : 1; u64 m13; } ; };
struct r466 { int m0 : 2; struct { short m2; double m3; u64 m4 : 46; unsigned m5 : 7; } m1; long m6[2][2] __packed; } __packed __aligned(2);
struct r467 { struct { u16 m1 : 3; s64 m2 : 32; u16 m3 : 13; float m4[3] __packed __aligned(2); short m5; int m6 : 1; char m7 __packed __aligned(2); } __packed m0[2]; char m8 : 4; bool m9 : 1; } __aligned(4);
union r468 { bool m0[3]; u16 : 13; double m2; s64 : 59; u16 m4 : 14; } __aligned(32);
struct r469 { short m0 : 14; char m1 : 5; s64 m2 : 4; void * m3; };
struct r470 { struct { u64 m1 : 53; enum re m2 __aligned(8); char m3; union { char m5; char m6 : 1; enum re : 0; unsigned m8 : 16; bool m9 : 1 __packed; } __packed ; bool : 1; void * m11[3] __packed; u64 m12 : 37; } m0; } __packed;
struct r471 { short m0; char m1; int m2 : 29; } __packed;
struct r472 { bool m0 : 1; union { char m2 : 5; u16 m3 : 10; enum re m4 : 17; long double m5 __aligned(8); short m6; short m7; } ; void * m8; s64 : 22; };
struct r473 { unsigned m0 : 15; s64 m1 : 45 __packed; struct { union { enum re : 7; unsigned m5 : 7; char m6 : 2; char m7 : 5; bool m8 : 1; enum re : 0; } m3; bool : 1; char m11; bool m12 : 1; long double m13 __packed; u64 m14 __packed; } m2[2]; enum re : 0; char : 7; u8 m17 : 3 __packed; } __packed;
struct r474 { short m0 __aligned(8); struct { u16 m2 __aligned(8); u16 m3[2][2]; u64 m4 : 48 __packed; double m5; void * m6[2][2] __aligned(8); float m7[3] __packed __aligned(2); long double m8 __packed __aligned(2); } ; u16 : 0; } __aligned(32);
#pragma pack(push, 2)
union r475 { long m0 __packed __aligned(2); struct { enum re m2; } __packed ; char m3; u16 m4 : 10; float m5[2][2]; s64 : 0; } __aligned(32);
#pragma pack(pop)
struct r476 { size_t m0 __packed __aligned(2); };
#pragma pack(push, 8)
struct r477 { long m0 : 23; } __packed __aligned(2);
#pragma pack(pop)
union r478 { float m0[2][2]; short : 0; unsigned m2 : 15; bool : 1; struct { u16 m5 : 16; } m4[2]; } __aligned(4);
union r479 { s64 m0 : 13; union { int m2 : 28; enum re m3 : 10; } __packed m1[2]; bool m4 : 1; u64 : 0; struct { int m7 : 13 __packed; u16 : 0; double m9 __aligned(8); s64 m10 : 34; } __packed ; u64 m11 : 2; };
struct r480 { float m0[3]; long m1 __packed __aligned(2); short m2[2][2] __packed; long double m3; union { unsigned m5 : 4; char : 1; unsigned m7 : 20; } ; } __aligned(32);
struct r481 { int m0[3]; } __aligned(32);
struct r482 { long m0 : 2; unsigned m1 : 15 __packed; float m2; union { short m4; s64 m5 : 2; union { bool : 1; double m8 __aligned(8); s64 m9 : 31; } m6[2]; void * m10; struct { short m12; enum re m13; } m11; void * m14 __packed __aligned(2); } ; enum re m15 : 21; };
#pragma pack(push, 4)
struct r483 { union { char m1; short m2; u16 m3 : 9; u64 m4 : 56; } m0[2]; union { enum re : 30; enum re m7 : 14; double m8[3]; u64 m9 __packed __aligned(2); short m10 : 15; } m5[2]; size_t m11[2][2] __packed; union { u8 m13 : 1; size_t m14 __packed __aligned(2); u16 m15 : 6 __packed; } ; } __aligned(32);
#pragma pack(pop)
union r484 { char m0; char m1[2][2]; u64 m2 : 7; enum re m3 : 9; short m4; u64 m5 : 44; };
union r485 { char m0; enum re : 1; bool m2 : 1; u16 m3 : 8; u16 m4 : 13; short m5 __aligned(8); };
#pragma pack(push, 1)
union r486 { unsigned m0 : 28; u16 m1 __packed; };
#pragma pack(pop)
struct r487 { void * m0 __packed; long m1[3]; } __aligned(4);
struct r488 { short : 4; short m1; u16 m2 : 6; };
union r489 { u64 m0 __aligned(8); void * m1; } __aligned(4);
struct r490 { size_t m0[3]; int m1 : 3; long m2 __aligned(8); long m3[3] __packed __aligned(2); struct { struct { void * m6[3]; u64 m7 __packed; } ; struct { float m9; bool m10; bool m11 __packed __aligned(2); size_t m12[3]; s64 m13 : 63 __packed; u8 m14 : 4; s64 m15 : 35; } __packed ; char m16[3] __aligned(8); char m17 : 5 __packed; struct { bool : 1; char m20 : 1; u64 m21 : 32; long m22 : 13; u64 m23 : 20; struct { bool m25 : 1; bool m26 : 1; long m27 __packed __aligned(2); char m28; u16 : 6; u16 m30; } __packed m24; struct { s64 m32 : 41; } m31[2]; } ; char m33[3]; } ; enum re m34[2][2]; short m35 : 5; };
struct r491 { bool m0 __aligned(8); };
union r492 { short m0; };
struct r493 { char m0 : 3; };
#pragma pack(push, 4)
struct r494 { u16 m0 __packed; short m1; char m2 : 4; u64 : 0; } __packed __aligned(2);
#pragma pack(pop)
struct r495 { unsigned m0 : 9; long m1[2][2] __packed; char m2; s64 : 0; short m4 : 13; u64 m5 : 31; } __aligned(32);
struct r496 { short m0; };
#pragma pack(push, 2)
struct r497 { bool m0 __packed; u64 m1 : 42; enum re m2 : 4; double m3[3]; union { u8 m5 : 8; } ; };
#pragma pack(pop)
union r498 { short m0; u64 m1 : 40; u16 m2 __aligned(8); long m3; short m4; bool m5 __aligned(8); };
union r499 { struct { struct { u8 m2 : 4; float m3 __aligned(8); struct { s64 m5 : 64; void * m6; char : 0; enum re m8 : 5; } __packed m4[2]; u8 m9 : 5; } ; u16 m10 : 7; union { bool m12[2][2]; double m13; } ; } m0[2]; enum re m14 : 8; u8 m15 : 7; double m16; union { long m18 : 16; u8 m19 : 2; short m20; short m21 : 15; s64 m22 : 34; } m17[2]; float m23; } __packed __aligned(2);
